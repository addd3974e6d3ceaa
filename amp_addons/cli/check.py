"""`amp-addons check`: are rule files in order, and do they do what their own tests say?"""

from typing import Any

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.scrub import scrub_text
from amp_addons.render.checked import Checked, Tried, report
from amp_addons.render.palette import palette
from amp_addons.replay.examples import tried
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped


@click.command()
@click.argument("files", nargs=-1, metavar="[FILES]...")
@click.option("--together", is_flag=True, help="Take FILES as one set of rules in this order, as the proxy's option amp_rules does.")
@options.placeholder_credentials
@options.amp_url
@options.catalogs
@options.as_json
def check(
    files: tuple[str, ...], together: bool, placeholder_credentials: bool, amp_url: str, catalogs: tuple[str, ...], as_json: bool
) -> int:
    """Check rule files, each with what it includes, and run the tests in them. Without FILES the rules that ship are checked.

    Exit status 1: a file cannot be used, or a test failed. Example:

    \b
        amp-addons check rules.yaml
    """
    catalog = Catalog.load(*catalogs)
    groups = [files] if together and files else [(file,) for file in files or (str(shipped("default.yaml")),)]
    found = [_checked(group, catalog, amp_url, placeholder_credentials) for group in groups]
    if as_json:
        output.print_json({"ok": all(each.ok for each in found), "checked": list(map(_facts, found))})
    else:
        for line in report(palette(output.is_terminal()), found):
            click.echo(line)
    return int(not all(each.ok for each in found))


def _checked(files: tuple[str, ...], catalog: Catalog, amp_url: str, placeholders: bool) -> Checked:
    try:
        rules = RuleSet.load(*files, catalog=catalog, amp_url=amp_url, placeholders=placeholders)
    except RuleFileError as error:
        return Checked(files, problems=error.problems)
    found = tuple(Tried(scrub_text(test.name), tuple(differences)) for test, differences in tried(rules))
    return Checked(rules.names, len(rules.rules), warnings=rules.warnings, tests=found)


def _facts(checked: Checked) -> dict[str, Any]:
    tests = [
        {"name": test.name, "passed": not test.differences, "differences": [found._asdict() for found in test.differences]}
        for test in checked.tests
    ]
    return {**checked._asdict(), "ok": checked.ok, "problems": [problem._asdict() for problem in checked.problems], "tests": tests}
