"""`amp-addons replay`: recorded traffic once more: its events, what it amounts to, and what rules would make of it."""

import sys

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.replay.captures import flows_of, found_files
from amp_addons.replay.captured import Damage


@click.command()
@click.argument("captures", metavar="CAPTURE…", nargs=-1, required=True)
@click.option("--events", metavar="FILE", help="Write the events as JSON Lines ('-': standard output).")
@options.amp_url
@options.catalogs
@options.as_json
def replay(captures: tuple[str, ...], events: str | None, amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> int:
    """Read flows that were recorded."""
    from amp_addons.core.events import encode_lines
    from amp_addons.prices import Prices
    from amp_addons.replay.analysis import Analysis
    from amp_addons.rulefiles.catalog import Catalog
    from amp_addons.rulefiles.detectors import deepen_scrubbing

    deepen_scrubbing()
    prices = Prices()
    prices.warm(wait=True)
    out = sys.stdout.buffer
    analysis = Analysis(
        lambda found, trace: void(out.write(encode_lines(found))),
        catalog=Catalog.load(*catalogs), amp_url=amp_url, each_event=True, price=prices.cost)
    status = 0
    for name in found_files(captures):
        try:
            for flow in flows_of(name):
                analysis.tell(flow)
        except Damage as error:
            click.echo(f"{name}: {error}", err=True)
            status = 1
    return status

def void(x: object) -> None:
    pass
