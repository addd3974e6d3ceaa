"""`--where 'provider=anthropic model=claude-*'`: the match keys of rules, as they are typed on a command line."""

import shlex
from typing import Any

import msgspec

from amp_addons.core.rules.condition import compile_match
from amp_addons.core.rules.match import Match
from amp_addons.core.text import did_you_mean

_NESTED = ("any", "all", "not", "body", "sample")
KEYS = tuple(field.encode_name for field in msgspec.structs.fields(Match) if field.encode_name not in _NESTED)
_DOTTED = ("query", "header", "body_bytes")


def parse_where(text: str) -> Match:
    """A match, all of whose conditions must hold. Raises ValueError with what was found and what was expected."""
    found: dict[str, Any] = {}
    try:
        words = _words(text)
    except ValueError:
        raise ValueError(f"found {text!r} with a quote that does not end, expected KEY=VALUE") from None
    for word in words:
        key, equals, value = word.partition("=")
        name, dot, below = key.partition(".")
        if not equals or not value:
            raise ValueError(f"found {word!r}, expected KEY=VALUE, as in provider=anthropic")
        if name not in KEYS:
            raise ValueError(f"found the key {name!r}, expected one of {', '.join(KEYS)}.{did_you_mean(name, KEYS)}")
        if bool(dot) is not (name in _DOTTED):
            raise ValueError(
                f"found the key {key!r}, expected {name}.NAME=VALUE" if name in _DOTTED else f"found the key {key!r}, expected {name}=VALUE"
            )
        # A regular expression may have commas of its own.
        values: Any = value.split(",") if "," in value and not value.startswith("re:") else value
        place, last = (found.setdefault(name, {}), below) if dot else (found, name)
        if last in place:
            raise ValueError(f"found {key} twice, expected it once, as in {key}=one,other")
        place[last] = _plain(values) if dot else values
    try:
        match = msgspec.convert(found, Match, strict=False)
        compile_match(match, "where")  # patterns and networks are read here
        return match
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"found {text!r}, which cannot be ({error})") from None


def _words(text: str) -> list[str]:
    """The words as a shell would have them, but for the backslash: regular expressions are full of those."""
    words = shlex.shlex(text, posix=True, punctuation_chars="")
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    return list(words)


def _plain(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
