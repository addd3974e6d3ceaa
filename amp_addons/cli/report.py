"""`amp-addons report`: recorded traffic as one HTML file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from amp_addons.cli import options, output

if TYPE_CHECKING:
    from amp_addons.core.rules.match import Match


@click.command()
@click.argument("captures", metavar="CAPTURE…", nargs=-1, required=True)
@click.option("-o", "--output", "target", metavar="FILE", default="report.html", show_default=True, help="The file ('-': standard output).")
@click.option("--title", metavar="TEXT", help="What stands at the top.")
@options.where
@click.option("--personal", is_flag=True, help="Mask personal data as well: e-mail, phone, card numbers, …")
@click.option("--detectors", multiple=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Detectors of your own.")
@options.force
@options.amp_url
@options.catalogs
@options.as_json
def report(
    captures: tuple[str, ...],
    target: str,
    title: str | None,
    where: "Match | None",
    personal: bool,
    detectors: tuple[str, ...],
    force: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
    as_json: bool,
) -> int:
    """Make one HTML file of recorded flows: what was said, what it cost, how long it took, what rules did, what is unknown.

    The file needs nothing else and loads nothing. Secrets are masked, also those of a recording that has them; it is readable for you
    alone until you share it. An earlier report of this name is replaced. CAPTURE is as for replay. Of a damaged file everything before
    the damage is used; the exit status is then 1. Examples:

    \b
        amp-addons report yesterday.flows
        amp-addons report 'captures/*.flows' -o week.html --where 'thread=T-*' --personal
    """
    from amp_addons.files import replace_private
    from amp_addons.replay.captures import found_files, size_of
    from amp_addons.report.make import make_report
    from amp_addons.rulefiles.detectors import Redactor

    if target == "-" and as_json:
        raise click.UsageError("found --json beside -o -, expected one of them on standard output")
    names = found_files(captures)
    if any(name != "-" and Path(target).exists() and Path(target).samefile(name) for name in names):
        raise click.UsageError("CAPTURE and FILE are the same file: name another FILE, the capture is not overwritten")
    output.refuse_to_replace(target, force or _is_report(Path(target)))
    redactor = Redactor.load(*detectors, personal=personal)
    with output.progress(sum(map(size_of, names))) as tick:
        made = make_report(names, redactor, title=title, amp_url=amp_url, catalogs=catalogs, where=where, tick=tick)
    data = made.html.encode("utf-8", "replace")
    if target == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        replace_private(target, data)
    if as_json:
        output.print_json(
            {
                "file": target,
                "bytes": len(data),
                "flows": made.flows,
                "flows_left_out": made.left_out,
                "conversations": made.conversations,
                "problems": made.problems,
            }
        )
    elif target != "-":
        click.echo(_line(target, len(data), made.flows, made.left_out, made.conversations), err=True)
    for problem in made.problems:
        click.echo(problem, err=True)
    return int(bool(made.problems))


def _is_report(target: Path) -> bool:
    """Whether an earlier report is there, which a new one may replace."""
    if not target.is_file():
        return False
    with target.open("rb") as page:
        return b'<meta name="generator" content="amp-addons">' in page.read(2048)


def _line(target: str, size: int, flows: int, left_out: int, conversations: int) -> str:
    from amp_addons.render import units

    what = f"{units.counted(flows, 'flow')}{f' of {flows + left_out:,}' if left_out else ''}"
    return f"{target}: {what}, {units.counted(conversations, 'conversation')}, {units.size(size)}"
