"""Answers of an API that is not known, or not yet: events are counted, errors in the common shapes read."""

from typing import Any

import msgspec

from amp_addons.core.payload import PayloadDecoder
from amp_addons.core.reading import Delta, Reading


class _Payload(msgspec.Struct):
    type: Any = None
    object: Any = None
    error: Any = None


_payload = PayloadDecoder(_Payload)


class Unknown(Reading):
    """An answer of which nothing is known."""

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        payload = _payload.decode(data) if data.startswith("{") else None
        if payload is None:
            return name, None
        if payload.error is not None:
            self.add_error_of(payload.error)
        return next((label for label in (payload.type, payload.object) if isinstance(label, str)), name), None

    def whole(self, body: bytes) -> None:
        payload = _payload.decode(body)
        if payload is not None and payload.error is not None:
            self.add_error_of(payload.error)
        self.finished = True
