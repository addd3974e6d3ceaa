"""Header names and values that rules may write: what HTTP allows, and no control characters (THREATS 5, RFC 9110 section 5)."""

import re

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_VALUE = re.compile(r"(?![ \t])[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{0,8192}(?<![ \t])")
# What frames a message or belongs to one connection is set by whoever sends it.
_FRAMING = frozenset("connection content-length transfer-encoding host keep-alive te trailer upgrade proxy-connection".split())


def check_token(name: str) -> None:
    """A name that may be looked for. Raises ValueError, whose message completes "expected …"."""
    if not _TOKEN.fullmatch(name):
        raise ValueError("a header name: letters, digits and -")


def check_name(name: str) -> None:
    """A name that may be written. Raises ValueError, whose message completes "expected …"."""
    check_token(name)
    if name.lower() in _FRAMING:
        raise ValueError("a header that says nothing of length, connection or host: those are set by whoever sends")


def check_value(value: str) -> None:
    """Raises ValueError, whose message completes "expected …"."""
    if not _VALUE.fullmatch(value):
        raise ValueError("at most 8192 characters without control characters, and no space at either end")
