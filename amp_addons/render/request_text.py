"""`Amp request`: a request to a model as text. In a line what it is, then its settings, instructions, tools, and the conversation so far.

Long parts are folded: their beginning and end stay, with a note of how much is between. So are the messages in the middle of a long
conversation: what is new is at its end.
"""

from collections.abc import Iterator, Sequence

from amp_addons.core.conversation.parts import Conversation, Media, Message, Other, Part, Text, Thinking, ToolCall, ToolResult
from amp_addons.core.scrub import is_secret_name, scrub_text
from amp_addons.render.excerpt import BLANK, Excerpts, heading, indented
from amp_addons.render.units import counted, size

FIRST, LAST = 4, 40
"""Messages shown."""

MAX_PARTS = 40
MAX_TOOLS = 60
MAX_SYSTEM = 3
MAX_SETTINGS = 40


def request_text(found: Conversation, body: int, model: str | None, head: Excerpts, excerpts: Excerpts) -> str:
    """`body`: its size in bytes. `model`: where the body does not name it. `head` makes the excerpts of all but the messages."""
    # The last messages before the first ones: the room for texts is theirs as long as there is some.
    messages = found.messages
    last = range(max(0, len(messages) - LAST), len(messages))
    first = range(min(FIRST, last.start))
    blocks = {number: list(_message(number, messages[number], excerpts)) for number in [*reversed(last), *first]}
    lines = list(_head(found, body, model, head))
    if messages:
        lines += heading("Conversation")
    for number in first:
        lines += blocks[number]
    if last.start > len(first):
        lines += [BLANK, f"[… {counted(last.start - len(first), 'message')} left out …]"]
    for number in last:
        lines += blocks[number]
    if found.left_out:
        lines += [BLANK, f"{found.left_out:,} messages, parts or tools are past the limits of this view"]
    return "\n".join(lines)


def _head(found: Conversation, body: int, model: str | None, excerpts: Excerpts) -> Iterator[str]:
    facts = [
        scrub_text(found.model or model or "no model"),
        found.api,
        counted(len(found.messages), "message"),
        counted(len(found.tools), "tool") if found.tools else None,
        size(body),
    ]
    yield " · ".join(fact for fact in facts if fact)
    if found.settings:
        yield from heading("Settings")
        names = list(found.settings)[:MAX_SETTINGS]
        width = min(28, max(map(len, names)))
        for name in names:
            value = "***" if is_secret_name(name) and "token" not in name.lower() else excerpts.line(found.settings[name])
            yield f"    {scrub_text(name)[:60]:<{width}}  {value}"
        if len(found.settings) > MAX_SETTINGS:
            yield f"    {len(found.settings) - MAX_SETTINGS:,} more settings"
    for text in found.system[:MAX_SYSTEM]:
        yield from heading(f"Instructions ({counted(len(text), 'character')})")
        yield from indented(excerpts.lines(text, 1200, 200))
    if len(found.system) > MAX_SYSTEM:
        yield f"    {len(found.system) - MAX_SYSTEM:,} more texts of instructions"
    if found.tools:
        yield from heading(f"Tools ({len(found.tools):,})")
        width = min(24, max(len(tool.name) for tool in found.tools[:MAX_TOOLS]))
        for tool in found.tools[:MAX_TOOLS]:
            yield f"    {scrub_text(tool.name)[:60]:<{width}}  {excerpts.line(tool.description, 90)}".rstrip()
        if len(found.tools) > MAX_TOOLS:
            yield f"    {len(found.tools) - MAX_TOOLS:,} more tools"


def _message(number: int, message: Message, excerpts: Excerpts) -> Iterator[str]:
    yield BLANK
    yield f"#{number + 1} {scrub_text(message.role)[:60]}"
    for part in message.parts[:MAX_PARTS]:
        yield from indented(_part(part, excerpts))
    if len(message.parts) > MAX_PARTS:
        yield f"    {len(message.parts) - MAX_PARTS:,} more parts"


def _part(part: Part, excerpts: Excerpts) -> Sequence[str]:
    match part:
        case Text(text):
            return excerpts.lines(text)
        case Thinking(text, hidden):
            if not text:
                return [f"thinks ({counted(hidden, 'character')}, encrypted or left out)"]
            return ["thinks:", *indented(excerpts.lines(text, 800, 100))]
        case ToolCall(id, name, args):
            return [f"calls {scrub_text(name)[:80]}  {scrub_text(id)[:60]}".rstrip(), *indented(excerpts.value(args))]
        case ToolResult(id, parts, name, is_error):
            head = f"result of {scrub_text(name or id)[:80]}{', an error' if is_error else ''}"
            return [head, *indented([line for each in parts[:MAX_PARTS] for line in _part(each, excerpts)])]
        case Media(kind, media_type, count, name):
            known = ", ".join(each for each in (scrub_text(media_type), size(count) if count else "", excerpts.line(name, 80)) if each)
            return [f"[{scrub_text(kind)[:60]}{f': {known}' if known else ''}]"]
        case Other(kind, json):
            return [f"[{scrub_text(kind)[:60]}]", *indented(excerpts.lines(json, 400, 0))]
