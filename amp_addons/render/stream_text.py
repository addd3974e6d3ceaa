"""`Amp stream`: an answer of a model as text. In a line what it amounts to, then its events, then what was said, and its tokens."""

import re
from collections.abc import Callable, Iterator, Sequence

from amp_addons.core.glance import Glance, Seen
from amp_addons.core.reading import Summary
from amp_addons.core.scrub import MASK, mask_keys, scrub_text
from amp_addons.core.telling import said
from amp_addons.render.excerpt import Excerpts, heading, indented
from amp_addons.render.fit import clip, pad
from amp_addons.render.units import counted, duration, size

MAX_SAID = 1000
"""Characters of an event looked at for the few that are shown."""

ROOM_FIRST, ROOM_LAST = 32 * 1024, 12 * 1024
"""Characters looked at of the first events together, and of the last: when they are used up, events are shown without what they say."""

MAX_PARSED = 8 * 1024
"""Characters of an event's data in which what it says is looked for."""

SHOWN = 80
"""Cells shown of what an event says."""

_TYPE = 38  # the longest usual type is `response.function_call_arguments.delta`
_MARKS = {"text": "text", "thinking": "think", "tool": "tool", None: ""}

_TYPED = re.compile(r'\{"type": ?"[\w.]+" *,? *')
"""How the data of most events begins: the type stands before it anyway."""

type Masked = Callable[[Sequence[str]], list[str]]
"""Masks secrets in pieces of one text (`core.redact.pieces`)."""

type Moment = Callable[[int], float | None]
"""When a place of the body had come: milliseconds since the request began, or None where that is not known."""


def stream_text(found: Glance, body: int, moment: Moment, masked: Masked, excerpts: Excerpts, notes: Sequence[str] = ()) -> str:
    """`body`: its size in bytes. `notes` are sentences about it."""
    return "\n".join(_lines(found, body, moment, masked, excerpts, notes))


def _lines(found: Glance, body: int, moment: Moment, masked: Masked, excerpts: Excerpts, notes: Sequence[str]) -> Iterator[str]:
    summary = found.summary
    took = moment(body) if not found.unread else None
    facts = [
        summary.model and scrub_text(summary.model),
        summary.api and scrub_text(summary.api),
        None if found.unread else f"{summary.ended}{f' ({scrub_text(summary.stop_reason)})' if summary.stop_reason else ''}",
        counted(found.total, "event") if found.total else "no stream",
        size(body),
        duration(took) if took is not None else None,
    ]
    yield " · ".join(fact for fact in facts if fact)
    yield from (f"note: {note}" for note in notes)
    if found.unread:
        yield f"note: the last {found.unread:,} bytes were not read, which would take too long here; amp-addons decode reads all"
    if summary.errors:
        yield from heading("Errors")
        yield from (f"    {scrub_text(error.type)}: {scrub_text(error.message)}" for error in summary.errors[:20])
    if found.total:
        timed = any(moment(seen.end) is not None for seen in found.first[:1])
        yield from heading(f"Events, with {'the time since the request began' if timed else 'the byte at which each ended'}")
        yield from _events(found.first, moment, _words(found.first, masked, ROOM_FIRST))
        if found.left_out:
            yield f"{'…':>5} {found.left_out:,} events left out"
        words = _words([*found.before, *found.last], masked, ROOM_LAST)
        yield from _events(found.last, moment, words[len(found.before) :])
    yield from _said(summary, excerpts)


def _events(events: Sequence[Seen], moment: Moment, words: Sequence[str]) -> Iterator[str]:
    width = min(_TYPE, max((len(seen.event.type) for seen in events), default=0))
    for (event, _, end), text in zip(events, words, strict=True):
        at = moment(end)
        offset = f"@{end:,}" if at is None else f"+{at / 1000:.3f} s"
        head = f"{event.seq:>5} {offset:>11}  {pad(event.type, width)} {size(event.size):>7}"
        yield f"{head}  {_MARKS[event.delta]:<5}  {clip(text, SHOWN)}".rstrip()


def _words(events: Sequence[Seen], masked: Masked, room: int) -> list[str]:
    """What each event says. Deltas of a kind are one text; of other events each is a line of its own."""
    kinds: dict[str | None, list[int]] = {}
    texts = []
    for number, (event, data, _) in enumerate(events):
        text = (said(data) if len(data) <= MAX_PARSED else None) or ("" if event.delta else _TYPED.sub("{", data[: 2 * MAX_SAID], count=1))
        text = text[:MAX_SAID] if event.delta else f"{text[:MAX_SAID]}\n"
        room -= len(text)
        texts.append(text if room >= 0 else "")
        kinds.setdefault(event.delta, []).append(number)
    for numbers in kinds.values():
        for number, text in zip(numbers, masked([texts[number] for number in numbers]), strict=True):
            texts[number] = mask_keys(text) if MASK in text else text
    return [text.replace("\n", "⏎") if event.event.delta else text.rstrip("\n") for text, event in zip(texts, events, strict=True)]


def _said(summary: Summary, excerpts: Excerpts) -> Iterator[str]:
    for name, text in (("Message", summary.text), ("Refusal", summary.refusal), ("Thinking", summary.thinking)):
        if text:
            yield from heading(f"{name} ({counted(len(text), 'character')})")
            yield from indented(excerpts.lines(text, 6000, 2000))
    if summary.tool_calls:
        yield from heading("Tool calls")
        for number, call in enumerate(summary.tool_calls[:50], 1):
            yield f"{number:>3} {scrub_text(str(call.get('name') or '?'))}  {scrub_text(str(call.get('id') or ''))}".rstrip()
            yield from indented(excerpts.value(call.get("args")), 8)
        if len(summary.tool_calls) > 50:
            yield f"    {len(summary.tool_calls) - 50:,} more calls"
    if summary.tokens:
        yield from heading("Tokens")
        yield "    " + " · ".join(f"{scrub_text(kind).replace('_', ' ')} {count:,}" for kind, count in summary.tokens.items())
