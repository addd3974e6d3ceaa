"""`amp-addons demo`: see the suite at work, offline, in a few seconds."""

import rich_click as click


@click.command()
@click.option("--pace", default=0.03, show_default=True, type=click.FloatRange(0, 1), help="Seconds between the events of a stream.")
@click.argument("mitmproxy_args", nargs=-1, type=click.UNPROCESSED)
def demo(pace: float, mitmproxy_args: tuple[str, ...]) -> None:
    """Play a turn of the Amp CLI through every endpoint, with a simulated service behind the proxy.

    Nothing leaves this machine and nothing stays on it. Arguments after -- go to mitmdump. Example:

    \b
        amp-addons demo -- --set amp_events=demo.jsonl
    """
    from amp_addons.demo import play

    click.echo("A simulated turn of the Amp CLI, offline: service, proxy and client are all on this machine.", err=True)
    try:
        status = play(mitmproxy_args, pace)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    if status:
        raise click.ClickException(f"the proxy ended with exit status {status}; its own message is above")
