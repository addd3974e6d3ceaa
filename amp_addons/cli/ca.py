"""`amp-addons ca`: the certificate authority that clients are to trust: what it is, a new one, or none."""

import os
from pathlib import Path

import rich_click as click

from amp_addons.cli import options, output

_NOTHING = {"issuer": "made on this machine", "hosts": "any host"}


@click.command()
@click.option("--renew", is_flag=True, help="Make a new one; the old one's key is gone.")
@click.option("--remove", is_flag=True, help="Remove it.")
@click.option("--use", "issued", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Take one that your company issued.")
@click.option("--all-hosts", is_flag=True, help="The one for `--all-hosts`, which may vouch for any host.")
@options.amp_url
@options.catalogs
@options.as_json
def ca(renew: bool, remove: bool, issued: str | None, all_hosts: bool, amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> int:
    """Say where the certificate authority of this user is, for which hosts it vouches, and until when.

    With --use it is one that somebody issued for this machine alone: a PEM file, 0600, with its key, its certificate and those that
    it was issued by. Examples:

    \b
        amp-addons ca
        amp-addons ca --renew
        amp-addons ca --use issued.pem
    """
    from amp_addons.launch import authority
    from amp_addons.launch.plan import hosts_of, make_plan

    if renew + remove + bool(issued) > 1:
        raise click.UsageError("found several of --renew, --remove and --use, expected one of them")
    place = authority.folder(amp_url, all_hosts=all_hosts)
    if renew or remove:
        gone = authority.remove(place)
        if remove:
            click.echo(f"{'removed from' if gone else 'there was none in'} {place}")
            return 0
        make_plan(os.environ, catalogs=catalogs, amp_url=amp_url, all_hosts=all_hosts)
    if issued:
        from amp_addons.launch.issued import Unusable, use

        try:
            use(Path(issued), place, None if all_hosts else {host for host, _ in hosts_of(amp_url, catalogs)})
        except Unusable as error:
            raise click.ClickException(str(error)) from None
    file = authority.certificate(place)
    try:
        found = authority.load(place)
    except FileNotFoundError:
        click.echo(f"there is none in {place} yet: `amp-addons run` and `amp-addons exec` make one", err=True)
        return 1
    hosts = authority.vouches_for(found)
    facts = {
        "file": str(file),
        "issuer": authority.issued_by(place),
        "hosts": hosts,
        "from": f"{found.not_valid_before_utc:%Y-%m-%d}",
        "until": f"{found.not_valid_after_utc:%Y-%m-%d}",
        "serial": f"{found.serial_number:x}",
    }
    if as_json:
        output.print_json(facts)
    else:
        for name, value in facts.items():
            click.echo(f"{name:<8}{', '.join(value) if isinstance(value, list) else value or _NOTHING[name]}")
    return 0
