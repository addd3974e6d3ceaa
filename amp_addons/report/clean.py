"""Texts of the traffic, fit to be shown and shared: without secrets, with what is invisible made visible, and bounded.

Secrets are masked before anything is cut, so that no piece of one is left. Escaping for HTML is the templates' business.
"""

import json
import re
from functools import lru_cache
from typing import Any

from amp_addons.core.conversation.parts import Media, Message, Other, Part, Text, Thinking, ToolCall, ToolResult
from amp_addons.core.payload import loads, well_formed
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.core.scrub import MASK, is_secret_name, visible

HEAD, TAIL = 10_000, 2_000
"""Characters shown of the beginning and the end of a text."""

LOOKED = 128 * 1024
"""Characters looked through at either end of a longer text. What is shown is far from where they end, so no secret is cut there."""

MAX_JSON = 1024 * 1024
"""Characters of a text that is read as JSON, to be masked by the names in it and printed with line breaks."""

MAX_DEPTH = 40
"""Levels of JSON that are shown."""

MAX_NAME = 200
"""Characters of a name, a role, an identifier."""

# Characters that join letters and emoji are part of a script where they follow one; everything else that `visible` shows is not.
_JOINED = re.compile("(?<=[\u00a9-\u200a\u2190-\U0001ffff])[\u200c\u200d](?=[\u00a9-\u200a\u2190-\U0001ffff])")
_KEPT = re.compile("[\n\t]")


class Cleaner:
    """Cleans texts; the same text is looked through once."""

    def __init__(self, redactor: Redactor) -> None:
        self._scrubber = Scrubber(redactor)
        self._cleaned = lru_cache(maxsize=4096)(self._clean)

    def text(self, text: str, head: int = HEAD, tail: int = TAIL) -> str:
        """A text of any length and kind."""
        if not text:
            return ""
        value = loads(text) if text.lstrip()[:1] in ("{", "[") and len(text) <= MAX_JSON else None
        if isinstance(value, dict | list):
            return cut(json.dumps(self.value(value), indent=2, ensure_ascii=False), head, tail)
        if len(text) <= 2 * LOOKED:
            return cut(self._cleaned(text), head, tail)
        first, last = self._cleaned(text[:LOOKED])[:head], self._cleaned(text[-LOOKED:])[-tail:]
        return _joined(first, len(text) - head - tail, last)

    def name(self, text: str | None) -> str:
        """A short text on one line."""
        return cut(visible(self._cleaned((text or "")[:LOOKED]).replace("\n", " ").replace("\t", " ")), MAX_NAME, 0)

    def value(self, value: Any, depth: int = 0, name: str = "") -> Any:
        """A value of JSON, key by key: what a name says is secret goes as a whole."""
        if isinstance(value, str):
            return MASK if name and value and is_secret_name(name) else self.text(value) if value else value
        if depth >= MAX_DEPTH:
            return "…"
        if isinstance(value, dict):
            return {self.name(key): self.value(item, depth + 1, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, depth + 1, name) for item in value]
        if name and type(value) in (int, float) and is_secret_name(name) and "token" not in name.lower():
            return MASK
        return value if value is None or isinstance(value, bool | float) or abs(value) < 2**63 else str(value)[:MAX_NAME]

    def arguments(self, value: Any) -> Any:
        """The arguments of a call. Detectors see them as the JSON that they are as well, with names beside values."""
        if isinstance(value, str):
            return self.text(value)
        try:
            data = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        except (ValueError, RecursionError):
            return "…"
        return self.value(loads(self._scrubber.body(data, "arguments")) if len(data) > 2 else value)

    def part(self, part: Part) -> Part:
        match part:
            case Text(text):
                return Text(self.text(text))
            case Thinking(text, hidden):
                return Thinking(self.text(text), hidden)
            case ToolCall(id, name, args):
                return ToolCall(self.name(id), self.name(name), self.arguments(args))
            case ToolResult(id, parts, name, is_error):
                inner = tuple(found for each in parts if isinstance(found := self.part(each), Text | Media | Other))
                return ToolResult(self.name(id), inner, self.name(name), is_error)
            case Media(kind, media_type, size, name):
                return Media(kind, self.name(media_type), size, self.name(self._scrubber.target(name[:LOOKED], "name")))
            case Other(kind, text):
                return Other(self.name(kind), self.text(text))

    def message(self, message: Message) -> Message:
        return Message(self.name(message.role), tuple(self.part(part) for part in message.parts))

    def _clean(self, text: str) -> str:
        try:
            masked = self._scrubber.body(text.encode(), "text").decode("utf-8", "replace")
        except UnicodeEncodeError:
            return self._clean(well_formed(text))
        return legible(masked)


def legible(text: str) -> str:
    """As `visible`, with lines left lines, and joined letters and emoji left joined."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    kept = iter([*_KEPT.findall(text)])
    pieces = [_shown(piece) for piece in _KEPT.split(text)]
    return pieces[0] + "".join(next(kept) + piece for piece in pieces[1:])


def _shown(piece: str) -> str:
    if piece.isprintable():
        return piece
    found = _JOINED.findall(piece)
    if not found:
        return visible(piece)
    pieces = [visible(each) for each in _JOINED.split(piece)]
    return pieces[0] + "".join(mark + each for mark, each in zip(found, pieces[1:], strict=True))


def cut(text: str, head: int, tail: int) -> str:
    """The beginning and the end of a text, with a note of how much is left out between them."""
    if len(text) <= head + tail:
        return text
    return _joined(text[:head], len(text) - head - tail, text[-tail:] if tail else "")


def _joined(head: str, left_out: int, tail: str) -> str:
    return f"{head}\n[… {left_out:,} characters left out …]\n{tail}" if tail else f"{head}[… {left_out:,} characters left out]"
