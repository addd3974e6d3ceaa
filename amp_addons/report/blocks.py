"""Parts of messages as blocks that the template lays out: what is said as Markdown, calls and results with their code and diffs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from amp_addons.core.conversation.parts import Media, Message, Other, Part, Text, Thinking, ToolCall, ToolResult
from amp_addons.render.units import counted, size
from amp_addons.report.clean import HEAD, TAIL, cut
from amp_addons.report.diff import Difference, compared, diff_html, is_diff, patch_in
from amp_addons.report.markdown import markdown

FOLDED = 600
"""Characters from which on thinking, results and what users paste are folded."""

PREVIEW = 100
MAX_ARGUMENTS = 50

_EDITS = (("old_str", "new_str"), ("old_string", "new_string"), ("oldText", "newText"), ("old_text", "new_text"), ("search", "replace"))
"""How the arguments of tools that edit are called."""


class Block(NamedTuple):
    """`kind` is how it is drawn; `title` and `note` are its first line; it is folded unless `is_open`."""

    kind: str
    title: str = ""
    note: str = ""
    body: Markup = Markup("")
    is_open: bool = False
    is_error: bool = False


class Budget:
    """How much text a report may have. When it is used up, texts are cut short, and that is said."""

    def __init__(self, characters: int, short: int = 300) -> None:
        self._left, self._short = characters, short
        self.is_short = False

    def take(self, text: str) -> str:
        if self._left < len(text):
            self.is_short = True
            text = cut(text, self._short, 0)
        self._left -= len(text)
        return text


class Blocks:
    """Makes blocks of one report."""

    def __init__(self, budget: Budget) -> None:
        self._take = budget.take
        self._calls: dict[str, str] = {}  # names of tools by the id of the call

    def of(self, message: Message) -> list[Block]:
        """The blocks of a message."""
        is_model = message.role in ("assistant", "model")
        return [block for part in message.parts if (block := self._of(part, is_model)) is not None]

    def difference(self, before: Message, after: Message) -> Difference:
        """What is different between two messages."""
        return compared(self._take(source(before)), self._take(source(after)))

    def system(self, texts: Sequence[str]) -> str:
        return self._take("\n\n".join(texts))

    def _of(self, part: Part, is_model: bool) -> Block | None:
        match part:
            case Text(text):
                if not text.strip():
                    return None
                text = self._take(text)
                if is_model:
                    return Block("said", body=markdown(text), is_open=True)
                return Block("asked", note=_first_line(text), body=written(text), is_open=len(text) <= 2 * FOLDED)
            case Thinking(text, hidden):
                if not text.strip():
                    return Block("note", f"thinking, encrypted ({hidden:,} characters)") if hidden else None
                text = self._take(text)
                body = Markup('<div class="said">{}</div>').format(markdown(text))
                return Block("thinking", "thinking", _first_line(text), body, is_open=len(text) <= FOLDED)
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part)
            case Media(kind, media_type, bytes, name):
                known = [word for word in (media_type, f"about {size(bytes)}" if bytes else "", name) if word]
                return Block("note", f"{kind}: {', '.join(known)}" if known else kind)
            case Other(kind, text):
                return Block("other", kind, _first_line(text), code(self._take(text)))

    def _call(self, call: ToolCall) -> Block:
        if call.id:
            self._calls[call.id] = call.name
        args = call.args
        if not isinstance(args, dict):
            text = self._take(args if isinstance(args, str) else _json(args))
            return Block("call", call.name, _first_line(text), code(text))
        given = dict(list(args.items())[:MAX_ARGUMENTS])
        pieces: list[Markup] = []
        for old, new in _EDITS:
            if isinstance(before := given.get(old), str) and isinstance(after := given.get(new), str):
                pieces.append(compared(self._take(before), self._take(after)).html)
                del given[old], given[new]
        rows = Markup("").join(self._argument(name, value) for name, value in given.items())
        return Block("call", call.name, _preview(given), Markup('<dl class="args">{}</dl>').format(rows) + Markup("").join(pieces))

    def _argument(self, name: str, value: Any) -> Markup:
        text = self._take(value if isinstance(value, str) else _json(value))
        is_long = "\n" in text or len(text) > PREVIEW
        body = code(text) if is_long else Markup("<code>{}</code>").format(text)
        return Markup("<dt>{}</dt><dd>{}</dd>").format(name, body)

    def _result(self, result: ToolResult) -> Block:
        name = result.name or self._calls.get(result.id, "")
        texts = [
            part.text if isinstance(part, Text) else part.json if isinstance(part, Other) else f"({part.kind})" for part in result.parts
        ]
        text = self._take("\n".join(texts))
        lines = text.count("\n") + 1
        note = f"{counted(lines, 'line')} · {_first_line(text)}" if lines > 1 else _first_line(text)
        return Block("result", name, note if text.strip() else "nothing", code(text), is_error=result.is_error)


def plain(text: str) -> Markup:
    """A text as it is."""
    return Markup('<div class="plain">{}</div>').format(text)


def written(text: str) -> Markup:
    """What a user wrote: as it is, but for code between fences and a patch."""
    if "```" in text:
        return Markup('<div class="said">{}</div>').format(markdown(text))
    if is_diff(text):
        at = patch_in(text)
        return plain(text[:at].rstrip()) + diff_html(text[at:]) if text[:at].strip() else diff_html(text)
    return plain(text)


def code(text: str) -> Markup:
    """A text in fixed width; a patch with its lines marked."""
    return diff_html(text) if is_diff(text) else Markup("<pre><code>{}</code></pre>\n").format(text)


def source(message: Message) -> str:
    """A message as text, to be compared with another."""
    return "\n".join(_source(part) for part in message.parts)


def _source(part: Part) -> str:
    match part:
        case Text(text) | Thinking(text, _):
            return text
        case ToolCall(_, name, args):
            return f"call of {name}\n{args if isinstance(args, str) else _json(args)}"
        case ToolResult(_, parts, name, _):
            return f"result {name}\n" + "\n".join(_source(each) for each in parts)
        case Media(kind, media_type, bytes, name):
            return f"{kind} {media_type} {bytes} {name}"
        case Other(_, text):
            return text


def _json(value: Any) -> str:
    return cut(json.dumps(value, indent=2, ensure_ascii=False), HEAD, TAIL)


def _first_line(text: str) -> str:
    return clipped(next((line.strip() for line in text[:2000].splitlines() if line.strip()), ""), PREVIEW)


def _preview(args: Mapping[str, Any]) -> str:
    """The first arguments that are short."""
    found: list[str] = []
    for name, value in list(args.items())[:8]:
        if isinstance(value, str | int | float | bool):
            line = _first_line(str(value))
            found.append(line if not found and isinstance(value, str) else f"{name}={line}")
    return clipped("  ".join(found), PREVIEW)


def clipped(text: str, size: int) -> str:
    """A text for one line."""
    return text if len(text) <= size else text[:size] + "…"
