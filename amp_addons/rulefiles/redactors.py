"""The redactors of rule files: detectors that ship, chosen by name, and patterns of the user's own."""

from collections.abc import Iterable, Iterator

from amp_addons.core.fields import FieldError
from amp_addons.core.redact import redactor as core
from amp_addons.core.redact.detector import Detector, UserDetector
from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.pattern import parse
from amp_addons.core.rules.texts import several
from amp_addons.core.rules.then import Redact, RedactMode, RedactorSpec
from amp_addons.core.text import did_you_mean
from amp_addons.rulefiles.detectors import Redactor, shipped_detectors, warm
from amp_addons.rulefiles.included import Source
from amp_addons.rulefiles.problems import Problem

STANDARD = ("secrets", "personal")
"""Redactors that need no definition."""


def redactors_of(sources: list[Source]) -> dict[str, tuple[RedactMode, core.Redactor]]:
    """Those that rules use, by name: what nobody uses is not built."""
    used = {name for source in sources for rule in source.file.rules for name in using(rule)}
    specs: dict[str, RedactorSpec] = {name: RedactorSpec(detectors=name) for name in STANDARD if name in used}
    specs |= {name: spec for source in sources for name, spec in source.file.redactors.items() if name in used}
    made = {name: (spec.mode, _redactor(spec)) for name, spec in specs.items()}
    streamed = {name for source in sources for rule in source.file.rules if _masks_answers(rule) for name in using(rule)}
    for name in streamed & made.keys():
        warm(made[name][1])
    return made


def _redactor(spec: RedactorSpec) -> core.Redactor:
    if _named(spec) == ("secrets",) and not spec.patterns:
        return Redactor.builtin()
    return core.Redactor(_detectors(spec))


def _masks_answers(rule: Rule) -> bool:
    return isinstance(rule.then.redact, Redact) and rule.then.redact.response


def using(rule: Rule) -> tuple[str, ...]:
    """The names of the redactors that a rule uses."""
    redact = rule.then.redact
    return () if redact is None else tuple(several(redact.using if isinstance(redact, Redact) else redact))


def redactor_problems(sources: list[Source]) -> Iterator[Problem]:
    """What is wrong with redactors, and with the names that rules call them by."""
    defined: set[str] = set(STANDARD)
    for source in sources:
        for name, spec in source.file.redactors.items():
            keys = ("redactors", name)
            if name in defined:
                yield source.problem(keys, f"'{name}' again", "each redactor once, and none called secrets or personal")
            defined.add(name)
            if "redactors" not in source.grants:
                yield source.problem(keys, "a redactor in an included file", source.granted("redactors"))
            yield from _spec_problems(source, keys, spec)
    for source in sources:
        for number, rule in enumerate(source.file.rules):
            for name in using(rule):
                if name not in defined:
                    known = ", ".join(sorted(defined))
                    found = f"the unknown redactor '{name}'"
                    yield source.problem(
                        ("rules", number, "then", "redact"), found, f"one of redactors ({known})", did_you_mean(name, defined)
                    )


def _spec_problems(source: Source, keys: tuple[str, str], spec: RedactorSpec) -> Iterator[Problem]:
    names = {one.id for one in shipped_detectors()} | {one.kind for one in shipped_detectors()} | {"secrets"}
    for text in _named(spec):
        if not any(map(parse(text).matches, names)):
            yield source.problem(
                (*keys, "detectors"),
                f"'{text}', which names none",
                "ids or kinds of detectors, secrets or personal",
                did_you_mean(text, names),
            )
    for number, own in enumerate(spec.patterns):
        try:
            _own(own.id, own.keywords, own.pattern)
        except FieldError as error:
            yield source.problem((*keys, "patterns", number, error.key), error.found, error.expected)
        except ValueError as error:
            yield source.problem((*keys, "patterns", number), f"'{own.id}'", str(error))


def _named(spec: RedactorSpec) -> tuple[str, ...]:
    """What says which of the detectors that ship are meant."""
    if spec.detectors is None:
        return () if spec.patterns else ("secrets",)
    return tuple(several(spec.detectors))


def _detectors(spec: RedactorSpec) -> Iterable[Detector]:
    wanted = [parse(text) for text in _named(spec)]
    for one in shipped_detectors():
        names = (one.id, one.kind, *(("secrets",) if one.kind != "personal" else ()))
        if any(pattern.matches(name) for pattern in wanted for name in names):
            yield one
    for own in spec.patterns:
        yield _own(own.id, own.keywords, own.pattern)


def _own(id: str, keywords: str | tuple[str, ...], pattern: str) -> Detector:
    return UserDetector(id=id, description="", keywords=tuple(several(keywords)), pattern=pattern, edge="none")
