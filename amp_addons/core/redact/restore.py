"""Placeholders in an answer turned back into their secrets, piece by piece.

Never where it could carry a secret out: inside a URL, a link or image of Markdown, or a tag of HTML, which a client may fetch by itself
(THREATS 3). Where that cannot be told for sure they stay, as does what is no placeholder of this conversation.
"""

import re
from collections.abc import Callable, Mapping

from amp_addons.core.redact.vault import LENGTH, PREFIX

MAX_CONTEXT = 4096
"""Characters that are looked back at; in a line or tag that is longer a placeholder stays: it may be anything."""

MAX_TAGS = 256
"""Beginnings of tags with quotes in them that are looked at; among more than that a placeholder stays."""

MAX_LOOKS = 1000
"""Placeholders of one text that are looked at, which takes up to seven milliseconds each in a hostile text; further ones stay."""

_BODY = LENGTH - len(PREFIX)
_PLACEHOLDER = re.compile(f"(?=({PREFIX}[a-z2-7]{{{_BODY}}}))")
_PARTS = "|".join(PREFIX[:length] for length in range(len(PREFIX) - 1, 0, -1))
_BEGUN = re.compile(rf"(?:{PREFIX}[a-z2-7]{{0,{_BODY - 1}}}|{_PARTS})\Z")
_BLANK = re.compile(r"[ \t\n\v\f\r]")
"""What ends a URL. Other blanks, such as the one that does not break, are taken into it."""
_ADDRESS = re.compile(
    r"""(?xi)
    [/\\]{2} | \b(?:https?|ftp|wss?|file|data|mailto|javascript): | \bwww\. | (?:src|href|url|data)\s*[=:(]
    | [\w-]\.[^\W\d_]{2,}[/:?\#@\\] | \b\d+(?:\.\d+){3}[/:?\#@\\]
    """
)
"""Browsers read a backslash as a slash, and take one slash for two."""
_LINK = re.compile(r"\]\s*\(|\burl\s*\(", re.IGNORECASE)
_TO_THE_END = re.compile(
    r"""(?xi)
    \]\s*[:\[] | \]\s*\(\s*< | \burl\s*\(\s*["'<] | <\s*(?:a|img|link|script|iframe|form)\b
    | <(?:\w[\w+.-]*: | [/\\]{2} | [\w-]+\.\w)(?:[^<>\\]|\\.)*+\\?\Z
    """
)
"""What may be a link up to the end of its line, with blanks and brackets in it."""
_TAG = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.:/+=~@%-]+", re.ASCII)
_PLAIN_TAG = re.compile(r"<[a-z/!?][^<>\"']*+>", re.IGNORECASE)
_WHOLE_TAG = re.compile(
    r"""<[^\s/>]*+(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?!["'])[^\s>]++))?+)*+>"""
)
"""As WHATWG HTML, 13.2.5, reads one: a `>` in a quoted value does not end it."""


class Restore:
    """A TextFilter (`core.answers.filter`): holds back only what may become a placeholder. `tell` is called for each turned back."""

    def __init__(self, known: Mapping[str, str], tell: Callable[[], object] = lambda: None, *, plain: bool = False) -> None:
        """`plain`: only secrets that need no escapes, whatever the format of the text is."""
        self._plain = plain
        self._known = known
        self._tell = tell
        self._held = ""
        self._before = ""  # what went before, as it came
        self._looks = 0
        self._lost = False  # whether that began in a tag

    def go_on_after(self, other: "Restore") -> None:
        """Texts that clients may join: a link that began in the other one goes on here."""
        self._before, self._lost = other._before + other._held, other._lost

    def know(self, known: Mapping[str, str]) -> None:
        self._known = known

    def feed(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        if PREFIX[0] not in text:
            self._pass(text)
            return text
        out: list[str] = []
        at = 0
        for found in _PLACEHOLDER.finditer(text):
            placeholder, start = found[1], found.start()
            if start < at or placeholder not in self._known:
                continue
            self._pass(text[at:start])
            out += (text[at:start], self._secret(placeholder))
            self._pass(placeholder)
            at = start + LENGTH
        rest = text[at:]
        if begun := _BEGUN.search(rest, max(0, len(rest) - LENGTH)):
            self._held = begun[0]
            rest = rest[: begun.start()]
        self._pass(rest)
        return "".join(out) + rest

    def feed_whole(self, text: str) -> str:
        """A text that is there as a whole."""
        return self.feed(text) + self.flush()

    def flush(self) -> str:
        held, self._held = self._held, ""
        self._pass(held)
        return held

    def _secret(self, placeholder: str) -> str:
        self._looks += 1
        line = re.split(r"[\n\r]", self._before)[-1]
        if self._lost or self._looks > MAX_LOOKS or len(line) >= MAX_CONTEXT or _in_link(line) or _in_tag(self._before):
            return placeholder
        secret = self._known[placeholder]
        if self._plain and not _PLAIN.fullmatch(secret):
            return placeholder
        self._tell()
        return secret

    def _pass(self, text: str) -> None:
        before, at = self._before + text, 0
        while len(before) - at > 2 * MAX_CONTEXT:
            self._lost = self._lost or _in_tag(before[at : at + 2 * MAX_CONTEXT], MAX_CONTEXT)
            at += MAX_CONTEXT
        self._before = before[at:]


def _in_link(line: str) -> bool:
    """Whether a URL, or a link of Markdown, may go on at the end of a line."""
    if _ADDRESS.search(_BLANK.split(line)[-1]) or _TO_THE_END.search(line):
        return True
    for link in _LINK.finditer(line):
        rest = line[link.end() :].replace("\\)", "")
        if rest.count(")") <= rest.count("("):
            return True
    return False


def _in_tag(text: str, before: int | None = None) -> bool:
    """Whether a tag of HTML that begins before a place is open at the end. Each `<` may be a real one."""
    text = _PLAIN_TAG.sub(lambda tag: " " * len(tag[0]), text)
    starts = [found.start() for found in _TAG.finditer(text, 0, len(text) if before is None else before)]
    return len(starts) > MAX_TAGS or not all(_WHOLE_TAG.match(text, start) for start in starts)
