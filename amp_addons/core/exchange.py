"""A request as rules look at it: untouched, and read no further than somebody asks.

Rules that enforce must not be fooled by a body that two readers read in two ways (THREATS 5). So whatever comes out of a body is read
strictly here, and `Unreadable` is raised where the loose reading of `core.hints` would guess.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from amp_addons.core.classify import Classification
from amp_addons.core.encoding import decode_body
from amp_addons.core.hints import MAX_BODY, RequestHints, read_hints
from amp_addons.core.json_pointer import AmbiguousJson, find
from amp_addons.core.json_problem import problem_of
from amp_addons.core.path import canonical, is_odd
from amp_addons.core.target import split_target

type Headers = tuple[tuple[bytes, bytes], ...]
"""Names and values as they are on the wire, in order."""

READ_KEYS = frozenset(("model", "stream", "tools", "functions", "messages", "input", "contents", "metadata", "params", "conversation"))
"""Keys of a body that are read: none of them may stand there twice."""

_SPACE = b" \t\r\n"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


class Unreadable(Exception):
    """What a rule asks for cannot be told for sure. The text says why and holds nothing of the request."""


class Exchange:
    """One request. `url` is absolute, `client` the address it came from, `sni` the name that the client asked for in TLS.

    `classification` may be left to whoever decides.
    """

    def __init__(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str | bytes, str | bytes]] | dict[str, str] = (),
        body: bytes | None = None,
        *,
        classification: Classification | None = None,
        client: str | None = None,
        sni: str | None = None,
        flow: str = "",
    ) -> None:
        pairs = headers.items() if isinstance(headers, dict) else headers
        self.method = method
        self.url = url
        self.headers: Headers = tuple((_raw(name), _raw(value)) for name, value in pairs)
        self.body = body or b""
        self.classification = classification
        self.client = client
        self.sni = sni
        self.flow = flow

    @cached_property
    def target(self) -> tuple[str, str, str]:
        """Host (with a port that is not the usual one), path, and query, as they were sent."""
        host, path, query = split_target(self.url)
        return host or "", path or "/", query

    @property
    def host(self) -> str:
        return self.target[0]

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The host with its port where that is not the usual one, and without."""
        host = self.target[0]
        bare = host if host.endswith("]") else host.rpartition(":")[0] or host
        return (host,) if bare == host else (bare, host)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The path as sent and as the most obliging server reads it. Raises Unreadable for one that climbs."""
        path = self.target[1]
        if not is_odd(path):
            return (path,)
        reading = canonical(path)
        if reading is None:
            raise Unreadable("the path climbs (..) or is encoded over and over")
        return (path, reading)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Decoded values by decoded key."""
        found: dict[str, list[str]] = {}
        for part in self.target[2].split("&") if self.target[2] else ():
            key, _, value = part.partition("=")
            found.setdefault(unquote_plus(key), []).append(unquote_plus(value))
        return found

    def header(self, name: str) -> list[str]:
        """All values of a header; `name` in lower case."""
        wanted = name.encode()
        return [value.decode("utf-8", "surrogateescape") for key, value in self.headers if key.lower() == wanted]

    @cached_property
    def content_type(self) -> str:
        """The media type, lower case, without parameters. Raises Unreadable when there are two."""
        types = self.header("content-type")
        if len(types) > 1:
            raise Unreadable("there are two Content-Type headers")
        return types[0].partition(";")[0].strip().lower() if types else ""

    @cached_property
    def plain(self) -> bytes:
        """The body without its content coding. Raises Unreadable."""
        if not self.body:
            return b""
        coding = ", ".join(self.header("content-encoding"))
        plain = decode_body(self.body, coding, MAX_BODY) if coding else self.body if len(self.body) <= MAX_BODY else None
        if plain is None:
            raise Unreadable(f"the body has an unknown or damaged content coding, or more than {MAX_BODY} bytes")
        return plain

    @cached_property
    def json(self) -> bytes | None:
        """The body if it is JSON that every reader reads alike; None if it is something else. Raises Unreadable when it is in between."""
        content_type, plain = self.content_type, self.plain
        if not plain:
            return None
        inference = self.classification is not None and self.classification.category == "inference"
        start = plain.lstrip(_SPACE)[:1]
        if not (inference or "json" in content_type or start in (b"{", b"[") or plain.startswith(_UTF16)):
            return None
        if problem := problem_of(plain, READ_KEYS):
            raise Unreadable(problem)
        return plain

    @cached_property
    def hints(self) -> RequestHints:
        """Model, stream, tools and so on, strictly read. Raises Unreadable."""
        return read_hints(self.target[1], self.json)

    @cached_property
    def thread(self) -> str | None:
        named = self.header("x-amp-thread-id")
        fields = self.classification.fields if self.classification else {}
        return named[0] if named else fields.get("threadId") or self.hints.thread

    def json_value(self, pointer: str) -> Any:
        """The value at a JSON pointer of the body, or `MISSING`. Raises Unreadable."""
        data = self.json
        if data is None:
            return MISSING
        try:
            place = find(data, pointer)
        except AmbiguousJson as error:
            raise Unreadable(str(error)) from None
        return MISSING if place is None else msgspec.json.decode(data[place.start : place.end])


MISSING: Any = object()
"""No such place in the body: not the same as null."""


def _raw(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
