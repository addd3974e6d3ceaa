"""`--where 'provider=anthropic model=claude-*'`: the match keys of rules, as they are typed on a command line."""

import shlex
from typing import Any

import msgspec

from amp_addons.core.rules.match import Match
from amp_addons.core.text import did_you_mean

_NESTED = ("any", "all", "not", "body", "sample")
KEYS = tuple(field.encode_name for field in msgspec.structs.fields(Match) if field.encode_name not in _NESTED)
_DOTTED = ("query", "header", "body_bytes")


def parse_where(text: str) -> Match:
    """A match, all of whose conditions must hold. Raises ValueError with what was found and what was expected."""
    found: dict[str, Any] = {}
    try:
        words = shlex.split(text)
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
            raise ValueError(f"found the key {key!r}, expected {name}.NAME=VALUE" if name in _DOTTED else f"found {key!r}, expected {name}")
        values: Any = value.split(",") if "," in value else value
        if dot:
            found.setdefault(name, {})[below] = _plain(values)
        else:
            found[name] = values
    try:
        return msgspec.convert(found, Match, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"found {text!r}, which cannot be ({error})") from None


def _plain(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
