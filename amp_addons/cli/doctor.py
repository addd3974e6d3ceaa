"""`amp-addons doctor`: why nothing comes through the proxy, and what to do."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from amp_addons.cli import options, output

if TYPE_CHECKING:
    from amp_addons.doctor.examine import Asked


@click.command()
@click.option("-p", "--port", type=click.IntRange(1, 65535), help="Where the proxy listens. [default: where this shell leads, else 8080]")
@click.option("--offline", is_flag=True, help="Leave out what needs the network.")
@click.option("--rules", "files", metavar="FILE", multiple=True, help="A rule file, as given to `run` (repeatable, in order).")
@click.option("--all-hosts", is_flag=True, help="For `run --all-hosts`.")
@options.amp_url
@options.catalogs
@options.as_json
def doctor(
    port: int | None, offline: bool, files: tuple[str, ...], all_hosts: bool, amp_url: str, catalogs: tuple[str, ...], as_json: bool
) -> int:
    """Check this machine, this shell, the client and the way to the service, and say what to do about what is wrong.

    It asks amp.url and openrouter.ai through the proxy, without a key, and sends a stream and a WebSocket through it to this machine.
    Nothing is changed. Exit status 1: something keeps traffic from the proxy. Examples:

    \b
        amp-addons doctor
        amp-addons doctor --offline --json
    """
    import asyncio

    from amp_addons.doctor.examine import Asked, port_of
    from amp_addons.launch import authority

    place = authority.folder(amp_url, all_hosts=all_hosts)
    port = port or port_of(os.environ, amp_url)
    asked = Asked(os.environ, Path.home(), Path.cwd(), place, port, amp_url, catalogs, files, all_hosts, offline)
    return asyncio.run(_tell(asked, as_json))


async def _tell(asked: "Asked", as_json: bool) -> int:
    from amp_addons.doctor.examine import examine
    from amp_addons.render.diagnosed import counts, group
    from amp_addons.render.palette import palette

    colours, width, found = palette(output.is_terminal()), output.width(), []
    async for title, findings in examine(asked):
        found += findings
        here = [msgspec.structs.replace(each, remedy=each.remedy and output.typed(each.remedy)) for each in findings]
        for line in () if as_json else group(colours, title, here, width):
            click.echo(line)
    fine = not any(each.state == "failure" for each in found)
    if as_json:
        output.print_json({"ok": fine, "port": asked.port, "findings": found})
    else:
        click.echo(counts(colours, found))
    return int(not fine)
