"""The spelling of a JSON string's text while a filter changes it: what stays the same is written as it was, escapes included."""

import json
import re
from functools import lru_cache
from itertools import islice

from amp_addons.core.answers.filter import TextFilter, filtered

MAX_WAITING = 65_536
"""Characters whose spelling is remembered while a filter holds them; the spelling of later ones is then guessed from earlier ones."""

MAX_SPELLINGS = 1_000
"""Characters whose last spelling with an escape is remembered."""

_ESCAPE = r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\"\\/bfnrt])"
_decode = json.JSONDecoder(strict=False).decode
_ESCAPES = re.compile(_ESCAPE)
_CHARACTER = re.compile(_ESCAPE + "|.", re.DOTALL)
_SPELLED = re.compile(r"[\"\\/<>&'\x00-\x1f\x7f-\U0010ffff]")
"""What encoders may write with an escape: what they must, what is not ASCII, and what some escape for HTML."""


class Spelled:
    """A string value on its way through its filter, and how its characters are spelled."""

    def __init__(self, filter: TextFilter, spellings: dict[str, str]) -> None:
        self._filter = filter
        self._spellings = spellings
        self._known = True  # all that came out so far is what went in, so that we know what the filter holds:
        self._raw = ""
        self._text = ""
        self.is_new = True

    def feed(self, raw: str, text: str) -> str:
        self.is_new = False
        out = self._filter.feed(text)
        if "\\" in raw:
            self._note(raw)
        if not self._known:
            return self._spelled(out)
        if out == text and not self._text:
            return raw
        self._raw += raw
        self._text += text
        return self._matched(out)

    def feed_whole(self, raw: str, text: str) -> str:
        """A string that is there as a whole; nothing was fed before."""
        out = filtered(self._filter, text)
        if "\\" in raw:
            self._note(raw)
        if out == text:
            return raw
        self._raw, self._text = raw, text
        return self._matched(out)

    def flush(self) -> str:
        out = self._filter.flush()
        return self._matched(out) if self._known else self._spelled(out)

    def _matched(self, out: str) -> str:
        same = len(out) if self._text.startswith(out) else _same(self._text, out)
        at = same if "\\" not in self._raw else sum(len(unit[0]) for unit in islice(_CHARACTER.finditer(self._raw), same))
        done, self._raw, self._text = self._raw[:at], self._raw[at:], self._text[same:]
        if same < len(out) or len(self._raw) > MAX_WAITING:
            self._known = False
            self._raw = self._text = ""
        return done + self._spelled(out[same:])

    def _note(self, raw: str) -> None:
        for escape in _ESCAPES.findall(raw):
            if len(self._spellings) < MAX_SPELLINGS:
                self._spellings[_character(escape)] = escape

    def _spelled(self, text: str) -> str:
        return _SPELLED.sub(self._spell, text)

    def _spell(self, character: re.Match[str]) -> str:
        found = character.group()
        return self._spellings.get(found) or (json.dumps(found)[1:-1] if found < " " or found in '"\\' else found)


def plain(raw: str) -> str:
    """The text that a piece of a string stands for; every escape in it is complete."""
    return str(_decode(f'"{raw}"')) if "\\" in raw else raw


_character = lru_cache(MAX_SPELLINGS)(plain)


def _same(one: str, other: str) -> int:
    """How many characters the two have in common at their begin."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
