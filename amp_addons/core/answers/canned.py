"""Answers that a rule spells out, instead of asking anyone. All that cannot be sent is refused when the rule is read."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.event_text import event_text
from amp_addons.core.fields import FieldError

MAX_PACE_MS = 60_000
"""Longest time between two events (milliseconds): clients give up on a stream that is silent for longer."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")  # section 5.5, without its bytes past ASCII, which have no agreed meaning
_FRAMING = frozenset("content-length transfer-encoding content-encoding connection keep-alive proxy-connection te trailer upgrade".split())
_WITHOUT_BODY = (204, 205, 304)


def _one_line(text: str) -> None:
    if re.search(r"[\r\n\0]", text):
        raise ValueError("one line of text without NUL")


type _Line = Annotated[str, msgspec.Meta(extra={"check": _one_line})]


class SseEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One event. `data` is sent as it is when it is text, else as JSON. A comment alone keeps a connection alive."""

    event: _Line | None = None
    """Its type; without one it is a message."""
    data: Any = msgspec.UNSET
    """Text as it is, anything else as JSON."""
    id: _Line | None = None
    """Its id."""
    retry: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Milliseconds after which the client should connect again."""
    comment: str | None = None
    """A comment, which clients skip."""

    def __post_init__(self) -> None:
        for key in ("event", "id"):
            try:
                _one_line(getattr(self, key) or "")
            except ValueError as error:
                raise FieldError(key, "several lines or NUL", str(error)) from None
        if self.data is msgspec.UNSET and (self.event is not None or (self.id, self.retry, self.comment) == (None, None, None)):
            raise FieldError("data", "none", "data: without it clients drop the event (only comment, id and retry go without)")
        _sendable("data", self.encode)

    def encode(self) -> bytes:
        """The event as it is sent."""
        data = None if self.data is msgspec.UNSET else self.data if isinstance(self.data, str) else _json(self.data).decode()
        return event_text(data, event=self.event, id=self.id, retry=self.retry, comment=self.comment)


class Canned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer: at most one of `json`, `text` and `sse` is its body. `pace_ms` is the time between two events."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    """The status code."""
    headers: dict[str, str] = {}
    """Values by header name."""
    json: Any = msgspec.UNSET
    """The body, as JSON."""
    text: str | None = None
    """The body, as plain text."""
    sse: tuple[SseEvent, ...] | None = None
    """The body, as server-sent events."""
    pace_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_PACE_MS)] = 0
    """Milliseconds between two events."""

    def __post_init__(self) -> None:
        bodies = self._bodies()
        if len(bodies) > 1:
            raise FieldError(bodies[1], f"a second body beside {bodies[0]}", "at most one of json, text and sse")
        if bodies and self.status in _WITHOUT_BODY:
            raise FieldError(bodies[0], f"a body with status {self.status}", "none: clients read no body after this status")
        if self.pace_ms and self.sse is None:
            raise FieldError("pace_ms", "a pace without events", "sse beside it")
        _check_headers(self.headers)
        _sendable(next(iter(bodies), "json"), self.answer)

    def answer(self) -> Answer:
        """The whole answer. The body of one with events is all of them, for a sender without a pace."""
        if self.sse is not None:
            return self._answer("text/event-stream; charset=utf-8", b"".join(self.events()))
        if self.text is not None:
            return self._answer("text/plain; charset=utf-8", self.text.encode())
        if self.json is not msgspec.UNSET:
            return self._answer("application/json", _json(self.json))
        return self._answer(None, b"")

    def events(self) -> tuple[bytes, ...]:
        """The events, each as it is sent, for a sender that waits `pace_ms` between them."""
        return tuple(event.encode() for event in self.sse or ())

    def _bodies(self) -> list[str]:
        given = {"json": self.json is not msgspec.UNSET, "text": self.text is not None, "sse": self.sse is not None}
        return [key for key, is_given in given.items() if is_given]

    def _answer(self, content_type: str | None, body: bytes) -> Answer:
        headers = tuple(self.headers.items())
        if content_type and not any(name.lower() == "content-type" for name in self.headers):
            headers = (("content-type", content_type), *headers)
        return Answer(status=self.status, headers=headers, body=body)


def _check_headers(headers: dict[str, str]) -> None:
    """The message names a header, never its value (it may be a secret)."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise FieldError("headers", repr(name), "a header name: letters, digits and !#$%&'*+-.^_`|~")
        if name.lower() in _FRAMING:
            raise FieldError("headers", name, "no header about the connection, the length or the coding: the proxy sets those")
        if not _VALUE.fullmatch(value):
            raise FieldError("headers", f"a value of {name} that cannot be sent", "printable ASCII without blanks at its ends")
    if len({name.lower() for name in headers}) < len(headers):
        raise FieldError("headers", "a name twice, in other letters", "each name once")


def _sendable(key: str, encode: Callable[[], object]) -> None:
    try:
        encode()
    except (TypeError, ValueError, RecursionError):
        raise FieldError(key, "a value that cannot be written as JSON in UTF-8", "text, numbers, lists, and keys with values") from None


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
