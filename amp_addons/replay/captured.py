"""A flow out of a capture, whatever kind of file that is: plain values, without mitmproxy."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from amp_addons.core.exchange import Exchange, Headers, with_host
from amp_addons.core.facts import Facts, facts_of
from amp_addons.core.target import absolute_url


class Damage(ValueError):
    """A capture cannot be read from this byte on. The text says what was found and what was expected there."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(f"at byte {at:,}: {problem}")
        self.at = at


class Answer(NamedTuple):
    """A response. `started` and `ended` in seconds since the epoch, 0 where the capture does not say."""

    status: int
    headers: Headers
    body: bytes | None
    started: float
    ended: float


class Message(NamedTuple):
    """A WebSocket message."""

    is_text: bool
    from_client: bool
    content: bytes
    at: float


class Captured:
    """A flow. `error` is a sentence and when it was; `messages` are None for what is no WebSocket."""

    def __init__(
        self,
        *,
        id: str,
        method: str,
        scheme: str,
        host: str,
        port: int,
        path: str,
        headers: Headers,
        body: bytes | None,
        started: float,
        authority: str = "",
        client: str | None = None,
        sni: str | None = None,
        mode: str = "regular",
        answer: Answer | None = None,
        error: tuple[str, float] | None = None,
        messages: list[Message] | None = None,
        metadata: Mapping[Any, Any] = {},
    ) -> None:
        self.id = id
        self.method = method
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.headers = headers
        self.body = body
        self.started = started
        self.authority = authority
        self.client = client
        self.sni = sni
        self.mode = mode
        self.answer = answer
        self.error = error
        self.messages = messages
        self.metadata = metadata

    @cached_property
    def url(self) -> str:
        """As it is known live: `addons.classify.url_of`."""
        named = next((value.decode("utf-8", "surrogateescape") for name, value in self.headers if name.lower() == b"host"), None)
        return absolute_url(self.scheme, self.host, self.port, self.path, named or self.authority)

    def header(self, name: str) -> str:
        """All values of a header of the request, `name` in lower case."""
        wanted = name.encode()
        return ", ".join(value.decode("utf-8", "surrogateescape") for found, value in self.headers if found.lower() == wanted)

    def exchange(self) -> Exchange:
        """The request as rules look at it."""
        headers = with_host(self.headers, self.authority)
        return Exchange(self.method, self.url, headers, self.body, client=self.client, sni=self.sni, flow=self.id)

    @cached_property
    def facts(self) -> Facts | None:
        """What a recording of this suite says beside the messages."""
        return facts_of(self.metadata)
