"""The rule files and catalogs that the proxy is to be given."""

from collections.abc import Iterator, Sequence

from amp_addons.doctor.finding import Finding, failure, ok, warning
from amp_addons.replay.examples import tried
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped

MAX_SHOWN = 5


def rules(files: Sequence[str], catalogs: Sequence[str], amp_url: str) -> Iterator[Finding]:
    """Without files, those that ship."""
    try:
        found = RuleSet.load(*(files or [str(shipped("default.yaml"))]), catalog=Catalog.load(*catalogs), amp_url=amp_url)
    except RuleFileError as error:
        for problem in error.problems[:MAX_SHOWN]:
            yield failure("rules", str(problem), "The proxy does not start with it. `amp-addons check` says more.")
        return
    for text in found.warnings[:MAX_SHOWN]:
        yield warning("rules", text, "`amp-addons explain` shows what the rules do with a request.")
    failed = [test.name for test, differences in tried(found) if differences]
    if failed:
        yield failure("rules.tests", f"tests of the rule files fail: {', '.join(failed[:MAX_SHOWN])}", "`amp-addons check` says in what.")
    elif not files:
        yield ok("rules", "no rule files were named (--rules): nothing is changed")
    else:
        yield ok("rules", f"{len(found.rules)} rules in {', '.join(map(str, found.files))}")
