"""What `/api/connect` sends: what a person does in the web interface, told to the command line (document, "Amp Connect")."""

from collections.abc import Iterator

from amp_addons.sim.sse import Payload, encode

API = "amp-connect"
CONTENT_TYPE = "text/event-stream"


def payloads(events: int, seed: int = 0) -> Iterator[Payload]:
    """`events` messages, approvals and rejections in turn, then the disconnect."""
    for number in range(events):
        yield {"threadId": f"T-{seed}", **_action(number)}
    yield {"type": "disconnect", "threadId": f"T-{seed}", "reason": "closed"}


def stream(events: int, seed: int = 0) -> Iterator[bytes]:
    """The stream: named events with ids, a time to reconnect after, and a comment that keeps the connection alive."""
    yield b"retry: 3000\n\n"
    for number, payload in enumerate(payloads(events, seed), 1):
        if number % 4 == 0:
            yield b": keep-alive\n\n"
        yield b"id: %d\nevent: %b\ndata: %b\n\n" % (number, payload["type"].encode(), encode(payload))


def _action(number: int) -> Payload:
    match number % 3:
        case 0:
            return {"type": "user-message", "content": f"Message {number}: größer, 日本語, 🚀"}
        case 1:
            return {"type": "approve-tool", "toolUseId": f"toolu_{number}"}
        case _:
            return {"type": "reject-tool", "toolUseId": f"toolu_{number}", "reason": "not now"}
