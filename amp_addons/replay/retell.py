"""Captured flows as the events that they gave when they were live: the same classification, the same decoder, the same times."""

from typing import TYPE_CHECKING

from amp_addons.core.classify import Classification
from amp_addons.core.course import answer, begin, finish, finish_foreign, head_of, repeat
from amp_addons.core.trace import FlowTrace
from amp_addons.replay.captured import Captured

if TYPE_CHECKING:
    from amp_addons.core.rules.decision import Decision


def retell(trace: FlowTrace, flow: Captured, found: Classification, decision: "Decision | None" = None) -> None:
    """Tell a trace all of a flow, from its request to its end. `decision`: what is told of rules, in place of what was recorded."""
    facts, response = flow.facts, flow.answer
    begin(
        trace, method=flow.method, url=flow.url, path=flow.path, head=head_of(flow.headers), body=flow.body, found=found, client=flow.client
    )
    if decision is not None:
        trace.decided(flow.started, decision.applied)
    elif facts:
        repeat(trace, facts)
    if response is not None:
        answer(trace, response.started or flow.started, response.status, head_of(response.headers))
    sizes = facts.message_sizes if facts else {}
    for number, message in enumerate(flow.messages or ()):
        trace.ws_message(
            message.at, from_client=message.from_client, is_text=message.is_text, content=message.content, size=sizes.get(number)
        )
    body = response.body if response and flow.messages is None else None
    if facts:
        return finish(trace, facts, body)
    at = (flow.error[1] if flow.error else 0.0) or (response.ended if response else 0.0) or flow.started
    finish_foreign(trace, at, request_bytes=len(flow.body or b""), body=body, error=flow.error[0] if flow.error else None)
