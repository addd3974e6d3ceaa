"""`amp-addons ca`: the certificate authority that clients are to trust: what it is, a new one, or none."""

import os

import rich_click as click

from amp_addons.cli import options, output


@click.command()
@click.option("--renew", is_flag=True, help="Make a new one; the old one's key is gone.")
@click.option("--remove", is_flag=True, help="Remove it.")
@click.option("--all-hosts", is_flag=True, help="The one for `--all-hosts`, which may vouch for any host.")
@options.amp_url
@options.catalogs
@options.as_json
def ca(renew: bool, remove: bool, all_hosts: bool, amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> int:
    """Say where the certificate authority of this user is, for which hosts it vouches, and until when. Examples:

    \b
        amp-addons ca
        amp-addons ca --renew
    """
    from amp_addons.launch import authority
    from amp_addons.launch.plan import make_plan

    if renew and remove:
        raise click.UsageError("found --renew beside --remove, expected one of them")
    place = authority.folder(amp_url, all_hosts=all_hosts)
    if renew or remove:
        gone = authority.remove(place)
        if remove:
            click.echo(f"{'removed from' if gone else 'there was none in'} {place}")
            return 0
        make_plan(os.environ, catalogs=catalogs, amp_url=amp_url, all_hosts=all_hosts)
    file = authority.certificate(place)
    try:
        found = authority.load(place)
    except FileNotFoundError:
        click.echo(f"there is none in {place} yet: `amp-addons run` and `amp-addons exec` make one", err=True)
        return 1
    hosts = authority.vouches_for(found)
    facts = {
        "file": str(file),
        "hosts": hosts,
        "from": f"{found.not_valid_before_utc:%Y-%m-%d}",
        "until": f"{found.not_valid_after_utc:%Y-%m-%d}",
        "serial": f"{found.serial_number:x}",
    }
    if as_json:
        output.print_json(facts)
    else:
        for name, value in facts.items():
            click.echo(f"{name:<8}{', '.join(value) if isinstance(value, list) else value or 'any host'}")
    return 0
