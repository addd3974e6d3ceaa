"""Placeholders in an answer turned back into their secrets, piece by piece.

Never where it could carry a secret out: inside a URL, or a link or image of Markdown, which a client may fetch by itself (THREATS 3).
What is no placeholder of this conversation stays as it is.
"""

import re
from collections.abc import Callable, Mapping

from amp_addons.core.redact.vault import LENGTH, PREFIX

MAX_CONTEXT = 4096
"""Characters of a line that are looked back at; past them a placeholder stays: a line that long may be anything."""

_BODY = LENGTH - len(PREFIX)
_PLACEHOLDER = re.compile(f"{PREFIX}[a-z2-7]{{{_BODY}}}")
_PARTS = "|".join(PREFIX[:length] for length in range(len(PREFIX) - 1, 0, -1))
_BEGUN = re.compile(rf"(?:{PREFIX}[a-z2-7]{{0,{_BODY - 1}}}|{_PARTS})\Z")
_ADDRESS = re.compile(r"://|\bwww\.|[\w-]\.[a-z]{2,}[/:?]|(?:src|href|url|data|mailto|javascript)\s*[=:(]", re.IGNORECASE)
_LINK = re.compile(r"\]\s*[(:\[]|<\s*(?:a|img|link|script|iframe|form)\b", re.IGNORECASE)


class Restore:
    """A TextFilter (`core.answers.filter`): holds back only what may become a placeholder. `tell` is called for each turned back."""

    def __init__(self, known: Mapping[str, str], tell: Callable[[], object] = lambda: None) -> None:
        self._known = known
        self._tell = tell
        self._held = ""
        self._line = ""  # what went before on this line, as it came

    def feed(self, text: str) -> str:
        text = self._held + text
        self._held = ""
        if PREFIX[0] not in text:
            self._pass(text)
            return text
        out: list[str] = []
        at = 0
        for found in _PLACEHOLDER.finditer(text):
            self._pass(text[at : found.start()])
            out += (text[at : found.start()], self._secret(found[0]))
            self._pass(found[0])
            at = found.end()
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
        return held

    def _secret(self, placeholder: str) -> str:
        secret = self._known.get(placeholder)
        if secret is None or len(self._line) >= MAX_CONTEXT or self._in_address():
            return placeholder
        self._tell()
        return secret

    def _in_address(self) -> bool:
        word = re.split(r"\s", self._line)[-1]
        if _ADDRESS.search(word):
            return True
        for link in _LINK.finditer(self._line):
            if ")" not in self._line[link.end() :] or "<" in link[0]:
                return True
        return False

    def _pass(self, text: str) -> None:
        end = text.rfind("\n")
        self._line = (self._line + text if end < 0 else text[end + 1 :])[-MAX_CONTEXT:]
