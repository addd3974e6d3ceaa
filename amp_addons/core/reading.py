"""What a model's answer amounts to, gathered event by event: the part that all APIs share.

One `Reading` is made for each answer by the module of its API in `core.apis`; `StreamReader` feeds it. A reading never raises: what
it does not know it counts, what is broken it notes. Text is bounded, and kept in a buffer that many small pieces do not bloat.
"""

from io import StringIO
from typing import Any, Literal

import msgspec

from amp_addons.core.payload import well_formed

type Delta = Literal["text", "thinking", "tool"]
"""What an event brought that counts as output: the first of any kind is the first token."""

MAX_TEXT = 16 * 1024 * 1024
"""Characters of text, thinking, refusals and tool arguments kept in all; the longest answers of today's models are below 1 MB."""

MAX_ERRORS = 100


class ReadError(msgspec.Struct, frozen=True):
    """An error that the answer reports: the provider's own type or code, and its message."""

    type: str
    message: str


class Summary(msgspec.Struct, kw_only=True):
    """DESIGN.md, "Python API". `tokens` holds the provider's own numbers, `usage` the same normalised (`input` with cached tokens in).

    `ended` before the end of the body says what it would be if the body ended here.
    """

    api: str | None = None
    model: str | None = None
    id: str | None = None
    text: str = ""
    thinking: str = ""
    refusal: str = ""
    tool_calls: list[dict[str, Any]] = []
    stop_reason: str | None = None
    tokens: dict[str, int] = {}
    usage: dict[str, int] = {}
    errors: list[ReadError] = []
    event_counts: dict[str, int] = {}
    ended: Literal["complete", "truncated", "aborted", "error"] = "truncated"


class Reading:
    """One answer so far. A subclass reads the events of its API in `take` and the body of an answer without a stream in `whole`.

    `finished` is set when the API's last event has come (`message_stop`, `[DONE]`, `response.completed`, a `finishReason`).
    `unreadable` counts the events whose data is not what the API sends, such as broken JSON.
    """

    api: str | None = None

    def __init__(self) -> None:
        self.model: str | None = None
        self.id: str | None = None
        self.stop_reason: str | None = None
        self.tokens: dict[str, int] = {}
        self.errors: list[ReadError] = []
        self.finished = False
        self.unreadable = 0
        self._text = StringIO()
        self._thinking = StringIO()
        self._refusal = StringIO()
        self._kept = 0
        self._limit = MAX_TEXT

    def keep_no_text(self) -> None:
        """Read everything, and keep neither text nor calls: for who only wants to know how an answer goes."""
        self._limit = -1

    def take(self, data: str, name: str) -> tuple[str, Delta | None]:
        """Read one event's data. -> (event type: payload's `type`, else its `object`, else `name`; what output it brought)"""
        raise NotImplementedError

    def take_run(self, data: list[str], name: str) -> tuple[str, Delta | None] | None:
        """Read a run of events at once, when each is of the same type and brought the same; else None, and nothing has been read.

        Only worth having for the events that an answer has most of.
        """
        return None

    def whole(self, body: bytes) -> None:
        """Read the JSON body of an answer that did not stream, error bodies included."""
        raise NotImplementedError

    def tool_calls(self) -> list[dict[str, Any]]:
        """`id`, `name`, `args` of each call, in the order they began; `args` parsed, or the text where it is no JSON."""
        return []

    def usage(self) -> dict[str, int]:
        """The tokens normalised: `input` with cached tokens in it, `output` with reasoning in it."""
        return dict(self.tokens)

    def add_text(self, piece: str) -> None:
        self._kept += len(piece)  # `_fits`, without a call for nearly every event
        if self._kept <= self._limit:
            self._text.write(piece)

    def add_thinking(self, piece: str) -> None:
        if self._fits(piece):
            self._thinking.write(piece)

    def add_refusal(self, piece: str) -> None:
        if self._fits(piece):
            self._refusal.write(piece)

    def add_error(self, kind: object, message: object) -> None:
        """Note what the provider reports. It may say the same in an event of its own and again in the last one: that is one error."""
        error = ReadError((_plain(kind) or "error")[:200], _plain(message)[:2000])
        if len(self.errors) < MAX_ERRORS and error not in self.errors:
            self.errors.append(error)

    def add_error_of(self, error: Any) -> None:
        """Note an error in any of the shapes that providers send: an object with `type`, `code` or `status` and `message`, or text."""
        while isinstance(error, dict) and "message" not in error and isinstance(error.get("error"), dict | str):
            error = error["error"]
        if isinstance(error, dict):
            kind = error.get("type") or error.get("status") or error.get("code")
            self.add_error(kind, error.get("message") or error.get("detail"))
        else:
            self.add_error(None, error)

    def set_tokens(self, **numbers: Any) -> None:
        """Set the token numbers that are there and are numbers; what a later event says replaces what an earlier one said."""
        self.tokens.update({kind: number for kind, number in numbers.items() if type(number) is int and 0 <= number < 2**63})

    def _has_room(self, text: str) -> bool:
        """Whether a text of several events can be kept as a whole, so that the bound does not depend on how they came."""
        return self._limit < 0 or self._kept + len(text) <= self._limit

    def _fits(self, piece: str) -> bool:
        self._kept += len(piece)
        return self._kept <= self._limit

    @property
    def text(self) -> str:
        return well_formed(self._text.getvalue())

    @property
    def thinking(self) -> str:
        return well_formed(self._thinking.getvalue())

    @property
    def refusal(self) -> str:
        return well_formed(self._refusal.getvalue())


def _plain(value: object) -> str:
    # Not just `str`: it fails on nesting too deep and on numbers too long.
    if isinstance(value, int):
        return str(value) if abs(value) < 2**63 else ""
    return well_formed(value) if isinstance(value, str) else ""
