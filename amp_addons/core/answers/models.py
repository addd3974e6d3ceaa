"""The model's name in an answer, mapped back to the one that the client asked for.

A rule may send a request on with another model. The answer names that one, or a dated variant of it, and a client that compares, keeps
or prices by the name is to see its own.
"""

import re
from functools import partial
from typing import NamedTuple

import msgspec

from amp_addons.core.answers.json_span import string_spans
from amp_addons.core.answers.lines import Lines
from amp_addons.core.answers.objects import Objects
from amp_addons.core.answers.transform import Transform
from amp_addons.core.payload import loads, well_formed

type _Path = tuple[str, ...]

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n" + _BOM
_DATA = re.compile(rb"data:[ \t]*+\{")


class _Places(NamedTuple):
    """Where an API's answers name the model: in the body of one that did not stream, and in events."""

    key: str
    body: tuple[_Path, ...]
    event: tuple[_Path, ...]


_MODEL, _VERSION = "model", "modelVersion"
_GOOGLE = ((_VERSION,), ("response", _VERSION))  # the second as some gateways wrap it
_PLACES = {
    "anthropic-messages": _Places(_MODEL, ((_MODEL,),), (("message", _MODEL),)),
    "openai-chat": _Places(_MODEL, ((_MODEL,),), ((_MODEL,),)),
    "openai-responses": _Places(_MODEL, ((_MODEL,),), (("response", _MODEL),)),
    "google-generatecontent": _Places(_VERSION, _GOOGLE, _GOOGLE),
}


class ModelBack:
    """A Transform that puts `shown` wherever the answer names its model. Nothing but these strings changes.

    What kind of answer it is its first byte tells: `{` begins an object, `[` Google's array, anything else an event stream. An event
    whose data is spread over several lines, as no known provider sends it, goes on as it is. Where `sent` is `shown` all does.
    """

    def __init__(self, api: str | None, sent: str, shown: str) -> None:
        places = _PLACES.get(api or "") if sent != shown else None
        self._places = places or _Places("", (), ())
        self._shown = well_formed(shown)
        self._spelled = msgspec.json.encode(self._shown)
        self._lines = Lines(f'"{self._places.key}"'.encode(), self._line)
        self._inner: Transform = self._lines if places else _Unchanged()
        self._begun = places is None
        self._line_passed = False  # the byte order mark, if any, is behind us

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return what may go on."""
        return self._inner.feed(data) if self._begun else self._begin(data)

    def close(self) -> list[bytes]:
        """End the body, return what was held back."""
        return self._inner.close()

    def _begin(self, data: bytes) -> list[bytes]:
        first = data.lstrip(_BLANK)[:1]
        pieces: list[bytes] = []
        if first:
            self._begun = True
            if first in b"{[":
                pieces = self._lines.close()
                nesting = int(first == b"[" and self._places.key == _VERSION)
                self._inner = Objects(partial(self._edited, paths=self._places.body), nesting)
            elif not self._line_passed:
                data = b"".join([*self._lines.close(), data])
                if data.startswith(_BOM):
                    pieces, data = [_BOM], data[len(_BOM) :]
        pieces += self._inner.feed(data)
        self._line_passed = self._line_passed or bool(pieces)
        return pieces

    def _line(self, line: bytes) -> bytes:
        is_object = line.startswith(b"data: {") or _DATA.match(line)
        return self._edited(line, self._places.event) if is_object else line

    def _edited(self, text: bytes, paths: tuple[_Path, ...]) -> bytes:
        for path in paths:
            pieces = []
            done = 0
            for start, end in string_spans(text, path):
                if self._differs(text[start:end]):
                    pieces += [text[done:start], self._spelled]
                    done = end
            if done:
                text = b"".join([*pieces, text[done:]])
        return text

    def _differs(self, name: bytes) -> bool:
        """Whether it is a name, and another one, however it is spelled."""
        return name not in (self._spelled, b'""') and (b"\\" not in name or loads(name) != self._shown)


class _Unchanged:
    """A Transform that changes nothing."""

    def feed(self, data: bytes) -> list[bytes]:
        return [data] if data else []

    def close(self) -> list[bytes]:
        return []
