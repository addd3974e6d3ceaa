"""`amp-addons stats`: what the ledger knows of the flows that have passed."""

import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.scrub import visible
from amp_addons.ledger import LedgerError, default_path
from amp_addons.ledger.export import csv_lines, json_lines
from amp_addons.ledger.moment import moment
from amp_addons.ledger.report import GROUPS, Span, report, rows
from amp_addons.ledger.table import open_readonly
from amp_addons.render.palette import palette

PIPE_WIDTH = 120
"""Columns of a pipe or file: bars as long as lines would make no table."""

_NONE_YET = (
    "Proxies with the suite write it (amp-addons run), unless amp_ledger is off; a file that amp_ledger names is read with --ledger FILE."
)
_EXPORTS = {"csv": csv_lines, "jsonl": json_lines}


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else moment(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option("--since", callback=_moment, metavar="WHEN", help="Flows that began from then on: 90m, 24h, 7d, 2w, or a date (2026-11-01).")
@click.option("--until", callback=_moment, metavar="WHEN", help="Flows that began before then.")
@click.option("--by", type=click.Choice(list(GROUPS)), help="What the sums are made by.  [default: model]")
@click.option(
    "--top", default=20, show_default=True, type=click.IntRange(min=0), help="Lines that are shown; the rest is summed up (0: all)."
)
@click.option("--export", type=click.Choice(list(_EXPORTS)), help="Print the flows themselves, one a line, instead of sums.")
@click.option("--ledger", "file", metavar="FILE", help="The ledger; otherwise the one that proxies write by default.")
@options.as_json
def stats(since: int | None, until: int | None, by: str | None, top: int, export: str | None, file: str | None, as_json: bool) -> int:
    """Sum up the flows that have passed: how many, errors, tokens, cost, and the medians of time to the first token and of duration.

    The ledger has no content of any flow. Tokens are the providers' own numbers, cost is an estimate from list prices. Examples:

    \b
        amp-addons stats --since 7d --by day
        amp-addons stats --since 2026-11-01 --export csv > flows.csv
    """
    if export and (by or as_json):
        raise click.UsageError(f"--export prints single flows and goes without {'--by' if by else '--json'}")
    path = Path(file).expanduser() if file else default_path()
    span = Span(since or 0, Span().until if until is None else until)
    if not path.is_file():
        raise click.ClickException(f"there is no ledger at {visible(str(path))}. {_NONE_YET}")
    try:
        connection = open_readonly(path)
        try:
            if export:
                return _print(_EXPORTS[export](rows(connection, span)))
            found = report(connection, by or "model", span)
        finally:
            connection.close()
    except LedgerError as error:
        raise click.ClickException(f"{error}.") from error
    except sqlite3.Error as error:
        raise click.ClickException(f"{visible(str(path))} cannot be read: {error}.") from error
    if as_json:
        facts = {
            "ledger": str(path),
            "since_ms": since,
            "until_ms": until,
            "by": by or "model",
            "groups": [group.facts() for group in found.groups],
            "total": found.total.facts(),
        }
        output.print_json(facts)
    elif found.total.flows:
        from amp_addons.render.stats import stats_lines

        width = output.width() if output.is_terminal() else PIPE_WIDTH
        _print(f"{line}\n" for line in stats_lines(found, by or "model", top, palette(output.is_terminal()), width))
    else:
        named = "in that time" if since is not None or until is not None else "yet"
        click.echo(f"There are no flows in the ledger {named} ({visible(str(path))}). {_NONE_YET}", err=True)
    return 0


def _print(lines: Iterator[str]) -> int:
    for line in lines:
        sys.stdout.write(line)
    sys.stdout.flush()
    return 0
