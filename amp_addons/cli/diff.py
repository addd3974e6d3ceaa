"""`amp-addons diff`: what differs between two recorded requests."""

import rich_click as click

from amp_addons.cli import options, output


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--number", default=1, show_default=True, type=click.IntRange(1), help="Which HTTP flow, where A or B names none.")
@options.as_json
def diff(before: str, after: str, number: int, as_json: bool) -> int:
    """Show two recorded requests side by side: headers, and the JSON body by path: what was added to the conversation, and what was
    rewritten, which breaks prompt caches.

    A and B are captures, each with the number or id of a flow behind a colon; `:4` is another flow of the same capture. Examples:

    \b
        amp-addons diff yesterday.flows:3 :4
        amp-addons diff monday.flows tuesday.flows --number 2
    """
    from amp_addons.replay.captured import Damage
    from amp_addons.replay.choose import NoSuchRequest, choose
    from amp_addons.replay.compare import compared
    from amp_addons.rulefiles.detectors import deepen_scrubbing

    deepen_scrubbing()
    file = before.rpartition(":")[0] or before
    try:
        found = compared(choose(before, None, number), choose(after, file, number))
    except (Damage, NoSuchRequest) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        output.print_json(
            {
                **found._asdict(),
                "headers": [each._asdict() for each in found.headers],
                "changes": [each._asdict() for each in found.changes],
            }
        )
    else:
        from amp_addons.render.compared import compared_lines
        from amp_addons.render.palette import palette

        for line in compared_lines(palette(output.is_terminal()), output.width(), found):
            click.echo(line)
    return 0
