"""What a rule file by URL may not do, or only when a local file grants it by name (THREATS 8).

Ungranted it may match, block, allow, mask, tag and alert, and all of that after the local rules. What it is granted it still does beneath
them: `core.rules.ruleset` has a local edit win over a remote one, and local redactions come first.
"""

from collections.abc import Iterator

from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.then import Redact, Split, Then
from amp_addons.rulefiles.included import Source
from amp_addons.rulefiles.problems import Path, Problem
from amp_addons.rulefiles.redactors import using

_EDITS = ("respond", "set_headers", "remove_headers", "set_body", "remove_body", "model")
"""What changes a request, or stands in for a model's answer: whoever may write that may tell the agent what to do."""


def remote_problems(sources: list[Source]) -> Iterator[Problem]:
    """What keeps files by URL from being used."""
    hiding = {name for source in sources for name, spec in source.file.redactors.items() if spec.mode == "placeholder"}
    for source in sources:
        if source.is_remote:
            yield from file_problems(source)
            for number, rule in enumerate(source.file.rules):
                yield from _rule(source, ("rules", number, "then"), rule, hiding)


def file_problems(source: Source) -> Iterator[Problem]:
    """What no file by URL may have, whatever it is granted."""
    if source.file.serial is None:
        yield source.problem(("serial",), "no serial", "a number above 0, higher with each version of the file")
    if source.file.include:
        yield source.problem(("include",), "an include in a file by URL", "one file, with all its rules in it")
    for number, test in enumerate(source.file.tests):
        if test.flow is not None:
            yield source.problem(("tests", number, "flow"), "a recorded flow in a file by URL", "a request: such a file reads no others")
    for name, upstream in source.file.upstreams.items():
        if upstream.credential is not None and upstream.credential.file is not None:
            keys = ("upstreams", name, "credential", "file")
            yield source.problem(keys, "a credential in a file, in a file by URL", "env: such a file reads no others")


def _rule(source: Source, keys: Path, rule: Rule, hiding: set[str]) -> Iterator[Problem]:
    then, grants = rule.then, source.grants
    if "edits" not in grants:
        for key in _EDITS:
            if getattr(then, key) not in (None, (), {}):
                yield source.problem((*keys, key), f"{key} in a file by URL", source.granted("edits"))
    if then.record is not None and "record" not in grants:
        yield source.problem((*keys, "record"), "record in a file by URL", source.granted("record"))
    if "routes" not in grants and (foreign := [name for name in _routes(then) if name not in source.file.upstreams]):
        yield source.problem((*keys, "route"), f"a route to {foreign[0]}, not its own, in a file by URL", source.granted("routes"))
    if then.redact is not None and "redactors" not in grants:
        if named := [name for name in using(rule) if name in hiding]:
            found = f"the redactor {named[0]}, whose placeholders come back, in a file by URL"
            yield source.problem((*keys, "redact"), found, source.granted("redactors"))
        if isinstance(then.redact, Redact) and then.redact.restore_tools:
            yield source.problem((*keys, "redact", "restore_tools"), "restore_tools in a file by URL", source.granted("redactors"))


def _routes(then: Then) -> list[str]:
    if isinstance(then.route, Split):
        return [part.upstream for part in then.route.split]
    return [] if then.route is None else [then.route]
