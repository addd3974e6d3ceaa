"""Amp's own events between its web interface and the client (`/api/connect`): what the user said and decided there.

The document names the events and not their payloads: names are counted, and of a user's message its text is kept where there is one.
"""

from typing import Any

import msgspec

from amp_addons.core.payload import PayloadDecoder
from amp_addons.core.reading import Delta, Reading


class _Event(msgspec.Struct):
    type: Any = None
    object: Any = None
    text: Any = None
    content: Any = None
    message: Any = None
    error: Any = None


_event = PayloadDecoder(_Event)


class AmpConnect(Reading):
    """The events of one connection, finished with `disconnect`."""

    api = "amp-connect"

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        event = _event.decode(data)
        kind = name
        if event is not None:
            kind = next((label for label in (event.type, event.object) if isinstance(label, str) and label), name)
            if event.error:
                self.add_error_of(event.error)
        if "disconnect" in (kind, name):
            self.finished = True
        if event is None or "user-message" not in (kind, name):
            return kind, None
        for text in (event.text, event.content, event.message):
            if isinstance(text, str):
                self.add_text(text)
                return kind, "text"
        return kind, None

    def whole(self, body: bytes) -> None:
        self.take(body.decode("utf-8", "replace"), "message")
