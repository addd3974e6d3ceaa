"""Requests put together to conversations: by thread, and in a thread by what each one repeats of an earlier one.

A thread may have several conversations side by side, an agent's and those of its helpers. A request continues the one with which it
shares the most messages at the beginning.
"""

from collections.abc import Hashable, Iterable, Sequence
from difflib import SequenceMatcher

from amp_addons.core.conversation.change import Outline, change, common
from amp_addons.core.conversation.parts import Message, Text, Thinking, ToolCall
from amp_addons.report.model import Answer, Flow, Kept, Request, Rewrite, Thread

MAX_BRANCHES = 50
"""Conversations of a thread that a request is compared with, the latest first."""

MAX_REWRITTEN = 5
"""Messages shown that were rewritten or removed, of one request."""

MAX_ALIGNED = 300
"""Messages after the first difference that are looked for elsewhere."""

MAX_ADDED = 200
"""Messages shown that one request added."""

TITLE = 120


def threads_of(flows: Iterable[Flow], kept: Kept) -> list[Thread]:
    """The conversations of flows that are in the order of their requests."""
    groups: dict[tuple[str, object], list[Flow]] = {}
    for flow in flows:
        if flow.request.category == "inference":
            groups.setdefault(_group(flow), []).append(flow)
    found = [_thread(name[1] if name[0] == "thread" else "", group, kept) for name, group in groups.items()]
    found.sort(key=lambda thread: thread.requests[0].flow.number)
    for number, thread in enumerate(found, 1):
        thread.number = number
    return found


def _group(flow: Flow) -> tuple[str, object]:
    if flow.request.thread:
        return "thread", flow.request.thread
    if flow.asked is not None and flow.asked.messages:
        return "first message", (flow.request.api, flow.asked.messages[0])
    return "alone", flow.number


class _Branch:
    """A conversation: the last request of it."""

    def __init__(self, number: int, last: Flow) -> None:
        self.number, self.last = number, last


def _thread(id: object, flows: list[Flow], kept: Kept) -> Thread:
    branches: list[_Branch] = []
    requests = []
    for flow in flows:
        branch = _branch_of(flow, branches)
        if branch is None:
            branch = _Branch(len(branches), flow)
            branches.append(branch)
            requests.append(_first(flow, branch.number, kept))
        else:
            requests.append(_next(flow, branch, kept))
        if flow.asked is not None:
            branch.last = flow
    return Thread(id=str(id), title=_title(requests), requests=requests)


def _branch_of(flow: Flow, branches: list[_Branch]) -> _Branch | None:
    if flow.asked is None:
        return None
    best, most = None, 0
    for branch in branches[: -MAX_BRANCHES - 1 : -1]:
        if branch.last.asked is None or branch.last.request.api != flow.request.api:
            continue
        same = common(branch.last.asked.messages, flow.asked.messages) or int(_is_shortened(branch.last.asked, flow.asked))
        if same == 1 and branch.last.request.model != flow.request.model:
            continue  # the same question to two models
        if same > most:
            best, most = branch, same
    return best


def _is_shortened(before: Outline, after: Outline) -> bool:
    """Whether it may be the same conversation with its history written anew: whoever is new to a thread begins with one message."""
    return bool(before.system) and before.system == after.system and before.model == after.model and len(after.messages) > 1


def _first(flow: Flow, branch: int, kept: Kept) -> Request:
    asked = flow.asked
    if asked is None:
        return Request(flow=flow, branch=branch)
    return Request(
        flow=flow,
        branch=branch,
        added=[kept.messages[key] for key in asked.messages[:MAX_ADDED]],
        added_more=max(0, len(asked.messages) - MAX_ADDED),
        system=[kept.system[key] for key in asked.system],
        tools=[kept.tools[key] for _, key in asked.tools],
    )


def _next(flow: Flow, branch: _Branch, kept: Kept) -> Request:
    before, after = branch.last.asked, flow.asked
    assert before is not None and after is not None
    found = change(before, after)
    rewritten, added = _aligned(before.messages, after.messages, found.kept, kept)
    return Request(
        flow=flow,
        branch=branch.number,
        follows=branch.last.number,
        change=found,
        repeats=0 if found.replaced else _repeats(added, branch.last.answer),
        added=added[:MAX_ADDED],
        rewritten=rewritten[:MAX_REWRITTEN],
        added_more=max(0, len(added) - MAX_ADDED),
        rewritten_more=max(0, len(rewritten) - MAX_REWRITTEN) + max(0, found.replaced - MAX_ALIGNED),
        system=[kept.system[key] for key in after.system] if found.system else [],
        system_before=[kept.system[key] for key in before.system] if found.system else [],
    )


def _aligned(before: Sequence[Hashable], after: Sequence[Hashable], same: int, kept: Kept) -> tuple[list[Rewrite], list[Message]]:
    """What became of the earlier messages that are not `same`, and the messages that have none in their place."""
    old, new = before[same : same + MAX_ALIGNED], after[same : same + MAX_ALIGNED]
    rewritten: list[Rewrite] = []
    added: list[Message] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        fresh = [kept.messages[key] for key in new[new_from:new_to]]
        for at, key in enumerate(old[old_from:old_to]):
            rewritten.append(Rewrite(same + old_from + at + 1, kept.messages[key], fresh[at] if at < len(fresh) else None))
        # What stands in the place of something is shown beside it.
        added += fresh[old_to - old_from :]
    return rewritten, added + [kept.messages[key] for key in after[same + MAX_ALIGNED :]]


def _repeats(added: list[Message], answer: Answer | None) -> int:
    """How many of the first messages added say what the answer said: the client sends it back with the next request."""
    if answer is None:
        return 0
    said = {_core(part) for part in answer.message.parts}
    for at, message in enumerate(added):
        parts = [part for part in message.parts if not isinstance(part, Thinking)]
        if message.role not in ("assistant", "model") or not all(_core(part) in said for part in parts):
            return at
    return len(added)


def _core(part: object) -> object:
    """What is the same of a part in an answer and when it is sent back."""
    if isinstance(part, Text):
        return part.text.strip()
    if isinstance(part, ToolCall):
        return part.name, str(part.args)
    return part if isinstance(part, str) else repr(part)


def _title(requests: list[Request]) -> str:
    """The first thing that the user said."""
    for request in requests:
        for message in request.added:
            text = next((part.text for part in message.parts if isinstance(part, Text) and part.text.strip()), "")
            if message.role == "user" and text:
                line = " ".join(text.split())
                return line if len(line) <= TITLE else line[:TITLE] + "…"
    return ""
