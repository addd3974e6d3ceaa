"""The texts of a request that the patterns of a rule are held against, and what follows where they can be read in two ways."""

from collections.abc import Callable, Sequence
from typing import Any

from amp_addons.core.classify import Classification
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.path import is_same
from amp_addons.core.rules.pattern import Pattern, parse

type Test = Callable[[Exchange], bool]
type Texts = Callable[[Exchange], Sequence[str]]


def several(value: Any) -> Sequence[Any]:
    """One or more, as several."""
    return value if isinstance(value, tuple) else (value,)


def patterns(key: str, value: Any) -> tuple[Pattern, ...]:
    """The patterns of a condition, each as the key reads it."""
    return tuple(parse(text, fold=key in FOLDED, path=key == "path") for text in several(value))


def classified(exchange: Exchange) -> Classification:
    assert exchange.classification is not None  # whoever decides sees to it
    return exchange.classification


def _one(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


FOLDED = ("host", "method")
READS_BODY = ("model", "thread", "tool")
"""Of the keys that have patterns, those that may need the body."""


def _classes(key: str) -> Texts:
    """What the classification says, and the other one that the path may be read as."""

    def texts(exchange: Exchange) -> tuple[str, ...]:
        text = getattr(exchange.classification, key)
        if exchange.rival is None:
            return () if text is None else (text,)
        return tuple(found for found in (text, getattr(exchange.rival, key)) if found is not None)

    return texts


_CLASSES = ("endpoint", "category", "provider")

KNOWN: dict[str, Texts] = {
    **{key: _classes(key) for key in _CLASSES},
    "route": lambda exchange: (classified(exchange).route,),
    "method": lambda exchange: (exchange.method,),
    "host": lambda exchange: exchange.hosts,
    "path": lambda exchange: exchange.paths,
    "thread": lambda exchange: _one(exchange.thread),
    "model": lambda exchange: _one(exchange.model),
    "tool": lambda exchange: exchange.tools,
}
"""The texts of a key that its patterns may match. One that matches is enough, but for what can be read in two ways: see `pattern_test`."""


def texts_of(key: str) -> Texts:
    """The texts of a key: one that is known, `query.NAME` or `header.NAME`."""
    kind, _, name = key.partition(".")
    if kind == "query":
        return lambda exchange: exchange.query.get(name, ())
    if kind == "header":
        lower = name.lower()
        return lambda exchange: exchange.header(lower)
    return KNOWN[key]


def pattern_test(key: str, wanted: Sequence[Pattern]) -> Test:
    if key in _CLASSES:
        return _class(key, wanted)
    return _path(wanted) if key == "path" else one_of_texts(wanted, KNOWN[key])


def _class(key: str, wanted: Sequence[Pattern]) -> Test:
    matches = _matcher(wanted)

    def test(exchange: Exchange) -> bool:
        text = getattr(exchange.classification, key)
        holds = text is not None and matches(text)
        if exchange.rival is not None:
            other = getattr(exchange.rival, key)
            if (other is not None and matches(other)) is not holds:
                raise Unreadable("the path can be read in two ways, as different endpoints")
        return holds

    return test


def _path(wanted: Sequence[Pattern]) -> Test:
    matches = _matcher(wanted)

    def test(exchange: Exchange) -> bool:
        paths = exchange.paths
        holds = matches(paths[0])
        if len(paths) > 1 and matches(paths[1]) is not holds:
            if not is_same(*paths):
                raise Unreadable("the path can be read in two ways")
            return True
        return holds

    return test


def one_of_texts(wanted: Sequence[Pattern], of: Texts) -> Test:
    matches = _matcher(wanted)

    def test(exchange: Exchange) -> bool:
        for text in of(exchange):
            if matches(text):
                return True
        return False

    return test


def _matcher(wanted: Sequence[Pattern]) -> Callable[[str], bool]:
    """Whether one of the patterns matches a text."""
    literals = frozenset(pattern.literal for pattern in wanted if pattern.literal is not None)
    others = [pattern.matches for pattern in wanted if pattern.literal is None or pattern.folds]
    if not others:
        return literals.__contains__
    return lambda text: text in literals or any([matches(text) for matches in others])
