"""`amp-addons scrub`: a copy of a recording without secrets, and what was found where."""

from pathlib import Path

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.rulefiles.detectors import Redactor


@click.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUT", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only look: exit status 1 when something is found.")
@click.option("--personal", is_flag=True, help="Look for personal data as well: e-mail, phone, card numbers, …")
@click.option("--detectors", multiple=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Detectors of your own.")
@options.force
@options.as_json
def scrub(source: Path, target: Path | None, check: bool, personal: bool, detectors: tuple[str, ...], force: bool, as_json: bool) -> int:
    """Copy the recording IN (flows of mitmproxy, or one answer's body) to OUT without credentials and secrets, and say what was found.

    Only kinds and counts are printed, never values. Example:

    \b
        amp-addons scrub flows.mitm shareable.mitm
    """
    if target is None and not check:
        raise click.UsageError("found no OUT, expected a file to write, or --check to only look")
    if target is not None and target.exists() and target.samefile(source):
        raise click.UsageError("IN and OUT are the same file: name another OUT, the original is not overwritten")
    if target is not None and not check:
        output.refuse_to_replace(target, force)
    from amp_addons.replay.scrub_file import Damaged, scrub_file

    scrubber = Scrubber(Redactor.load(*detectors, personal=personal))
    problem = None
    try:
        with output.progress(source.stat().st_size) as tick:
            count = scrub_file(source, None if check else target, scrubber, lambda size: tick(size, 0))
    except Damaged as error:
        count, problem = None, str(error)
    rows = [{"where": where, "kind": kind, "count": number} for (where, kind), number in sorted(scrubber.found.items())]
    if as_json:
        output.print_json({"flows": count, "found": rows, "problem": problem})
    elif rows:
        width = max(len(str(row["where"])) for row in rows)
        for row in rows:
            click.echo(f"{row['count']:>7,}  {row['where']:<{width}}  {row['kind']}")
    if not as_json:
        click.echo(f"{'nothing' if not rows else f'{sum(scrubber.found.values()):,} secrets'} found in {source}", err=True)
    if not as_json and target is not None and not check:
        click.echo(f"{target} is the copy", err=True)
    if problem:
        click.echo(f"{source}: {problem}", err=True)
    return int(bool(problem) or (check and bool(rows)))
