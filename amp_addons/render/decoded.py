"""Events of a decoded recording as lines, and what they amount to as a list. Texts of the traffic come scrubbed, on one line each."""

from collections.abc import Iterator

from amp_addons.core.reading import Summary
from amp_addons.core.scrub import mask_keys, visible
from amp_addons.render.fit import clip, pad
from amp_addons.render.palette import Palette
from amp_addons.render.units import size

_TYPE_WIDTH = 38  # the longest usual type is `response.function_call_arguments.delta`
_MARKS = {"text": "text", "thinking": "think", "tool": "tool"}


def event_line(palette: Palette, width: int, seq: int, kind: str, count: int, delta: str | None, text: str) -> str:
    """`seq` from 0, the type, the size of the data (`count` bytes), what output it brought, and a piece of its text."""
    style = palette.error if "error" in kind else palette.strong if delta else palette.dim
    left = f"{seq:>6}  {style}{pad(kind, _TYPE_WIDTH)}{palette.off if style else ''} {size(count):>8}  {_MARKS.get(delta or '', ''):<5}  "
    return (left + clip(text, max(10, width - _TYPE_WIDTH - 26))).rstrip()


def summary_lines(summary: Summary) -> Iterator[str]:
    """Everything that is known, a name and its value a line; texts in full below their names."""
    facts = {"api": summary.api, "model": summary.model, "id": summary.id, "ended": summary.ended, "stop reason": summary.stop_reason}
    for name, value in facts.items():
        yield f"{name:<12}{shown(value or '-')}"
    for name, numbers in (("tokens", summary.tokens), ("events", summary.event_counts)):
        yield f"{name:<12}{shown(', '.join(f'{count:,} {kind}' for kind, count in numbers.items()) or '-')}"
    for call in summary.tool_calls:
        yield f"{'tool call':<12}{shown(call.get('name'))} {shown(call.get('args'))}"
    for error in summary.errors:
        yield f"{'error':<12}{shown(error.type)}: {shown(error.message)}"
    for name, text in (("thinking", summary.thinking), ("refusal", summary.refusal), ("text", summary.text)):
        if text:
            yield f"{name}:"
            yield from (f"    {visible(line)}" for line in mask_keys(text).splitlines())


def shown(value: object) -> str:
    """A value of the traffic on one line: without keys, and without characters that steer a terminal."""
    return visible(mask_keys(str(value)))
