"""`amp-addons env`: what a shell must set so that clients go through the proxy that `amp-addons run` started."""

import os

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.launch.shells import SHELLS


@click.command()
@click.option("-p", "--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Where the proxy listens on 127.0.0.1.")
@click.option("--reverse", is_flag=True, help="For runtimes that ignore HTTPS_PROXY: AMP_URL leads to the proxy (`run --reverse`).")
@click.option("--shell", type=click.Choice(list(SHELLS)), help="Whose words to use. [default: by $SHELL]")
@click.option("--unset", is_flag=True, help="Unset what was set.")
@click.option("--all-hosts", is_flag=True, help="For `run --all-hosts`.")
@options.amp_url
@options.catalogs
@options.as_json
def env(
    port: int, reverse: bool, shell: str | None, unset: bool, all_hosts: bool, amp_url: str, catalogs: tuple[str, ...], as_json: bool
) -> None:
    """Print the lines that make this shell's clients go through the proxy of `amp-addons run`, for the shell to evaluate. Examples:

    \b
        eval "$(amp-addons env)"
        amp-addons env --shell fish | source
        eval "$(amp-addons env --unset)"
    """
    from amp_addons.launch.environment import UnusableProxy, as_before, with_way_back
    from amp_addons.launch.plan import make_plan
    from amp_addons.launch.secret import kept
    from amp_addons.launch.shells import lines, shell_of
    from amp_addons.launch.trust import Unreadable

    shell = shell or shell_of(os.environ)
    environ, back = as_before(os.environ)
    if unset:
        for line in [SHELLS[shell].remove(name) if value is None else SHELLS[shell].assign(name, value) for name, value in back.items()]:
            click.echo(line)
        return
    try:
        plan = make_plan(environ, catalogs=catalogs, amp_url=amp_url, all_hosts=all_hosts)
    except (Unreadable, UnusableProxy) as error:
        raise click.ClickException(str(error)) from None
    values = plan.environment(environ, port, reverse=reverse, secret=None if reverse else kept(port))
    if as_json:
        return output.print_json(values)
    for line in lines(shell, with_way_back(environ, values)):
        click.echo(line)
    if os.isatty(1):
        click.echo(f"# to set them in this shell: {SHELLS[shell].use}", err=True)
