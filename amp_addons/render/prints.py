"""Text that others print, made fit to be shown: mitmproxy's log, and its dumper when the user wants it."""

import copy
import logging
import re
from collections.abc import Callable
from typing import IO

from amp_addons.core.scrub import MASK, SECRET_HEADERS, is_secret_name, mask_keys, scrub_url, visible

MAX_TEXT = 256 * 1024
"""Characters of one print that are shown. The dumper prints a whole body at once when it is asked for all of it."""

OWN = ("mitmproxy.tools.web.master", "mitmproxy.tools.web.webaddons")
"""Loggers whose messages hold nothing of the traffic, and mitmweb's address with the token that its user needs."""

_WORD = re.compile(r"\S+")
# `name: value` as the dumper prints headers and decoded forms, `"name": "value"` as it prints JSON.
_NAMED = re.compile(r'(\s*"?([^\s:"]+)"?:\s+)(\S.*)')
# The same in the middle of a line, as in a form that holds JSON.
_QUOTED = re.compile(r'("([^\s":]{1,100})"\s*:\s*)"((?:[^"\\]|\\.){1,10000})"')
_NUMBER = re.compile(r"[\d.,:TZ+-]+")


def clean(text: str) -> str:
    """A message without key shapes, secrets in URLs and control characters. Further lines are set in: none looks like a message."""
    return "\n    ".join(map(_clean_line, mask_keys(_cut(text)).split("\n")))


def clean_dump(text: str) -> str:
    """What mitmproxy's dumper prints, cleaned, and without the values of secret headers and fields."""
    return "\n".join(map(_clean_field, mask_keys(_cut(text)).split("\n")))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text) - MAX_TEXT:,} more characters)"


def _clean_line(line: str) -> str:
    return visible(_WORD.sub(_clean_word, line) if "?" in line or "://" in line else line)


def _clean_word(word: re.Match[str]) -> str:
    return scrub_url(word[0]) if "?" in word[0] or "://" in word[0] else word[0]


def _clean_field(line: str) -> str:
    if (named := _NAMED.match(line)) and _is_secret(named[2].lower(), named[3]):
        return visible(named[1]) + MASK
    return _clean_line(_QUOTED.sub(_clean_quoted, line))


def _clean_quoted(found: re.Match[str]) -> str:
    return f'{found[1]}"{MASK}"' if _is_secret(found[2].lower(), found[3]) else found[0]


def _is_secret(name: str, value: str) -> bool:
    # Numbers and dates are what rate limits and token counts look like, whose names have "token" in them, too.
    return name in SECRET_HEADERS or (is_secret_name(name) and not _NUMBER.fullmatch(value.rstrip(",")))


class CleanFormatter(logging.Formatter):
    """Lets another formatter format records that have been cleaned: the colours in the result are that formatter's own."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        if record.name in OWN:
            return self._inner.format(record)
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        plain = copy.copy(record)
        plain.msg, plain.args, plain.exc_info, plain.exc_text = clean(message), None, None, None
        return self._inner.format(plain)


class Prints:
    """A file to print to: hands on the text of each print as a whole, without its line end."""

    def __init__(self, put: Callable[[str], None], beneath: IO[str]) -> None:
        self._put = put
        self._begun = ""
        self.beneath = beneath
        """Where the text would go without us."""

    def write(self, text: str) -> int:
        self._begun += text
        if self._begun.endswith("\n") or len(self._begun) > MAX_TEXT:
            text, self._begun = self._begun.removesuffix("\n"), ""
            self._put(text)
        return len(text)

    def flush(self) -> None:
        """Nothing to do: what has begun is kept until it is whole."""

    def isatty(self) -> bool:
        return False
