"""A request as rules look at it: untouched, and read no further than somebody asks.

Rules that enforce must not be fooled by a body that two readers read in two ways (THREATS 5). So whatever comes out of a body is read
strictly here, and `Unreadable` is raised where the loose reading of `core.hints` would guess.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from amp_addons.core.classify import Classification
from amp_addons.core.encoding import decode_body
from amp_addons.core.hints import MAX_BODY, MAX_TOOLS, model_in_path, read_asked, read_hints
from amp_addons.core.json_pointer import find, find_all, find_each
from amp_addons.core.json_problem import problem_of
from amp_addons.core.path import canonical, is_odd
from amp_addons.core.payload import loads
from amp_addons.core.target import split_target

type Headers = tuple[tuple[bytes, bytes], ...]
"""Names and values as they are on the wire, in order."""

READ_KEYS = frozenset(("model", "stream", "tools", "functions", "messages", "input", "contents", "metadata", "params", "conversation"))
"""Keys of a body that are read: none of them may stand there twice."""

_THREADS = ("/conversation/id", *(f"/{group}/{key}" for group in ("metadata", "params") for key in ("thread_id", "threadId", "threadID")))
_TOOLS = ("/*/name", "/*/function/name", "/*/custom/name", "/*/functionDeclarations/*/name", "/*/function_declarations/*/name")
"""Where the names of tools stand, in `tools` or `functions`: a server may read any of them."""

_SPACE = b" \t\r\n"
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


class Unreadable(Exception):
    """What a rule asks for cannot be told for sure. The text says why and holds nothing of the request."""


class _Told[T]:
    """A property that is worked out once, even when it cannot be told: many rules may ask."""

    def __init__(self, read: Callable[["Exchange"], T]) -> None:
        self.__doc__ = read.__doc__
        self._read = read
        self._name = read.__name__

    def __get__(self, exchange: "Exchange", owner: object = None) -> T:
        if exchange.doubts and self._name in exchange.doubts:
            raise Unreadable(exchange.doubts[self._name])
        try:
            found = self._read(exchange)
        except Unreadable as error:
            exchange.doubts[self._name] = str(error)
            raise
        setattr(exchange, self._name, found)  # from now on it is found there, and nobody asks here
        return found


class Exchange:
    """One request. `url` is absolute, `client` the address it came from, `user` who sent it where that is known, `sni` the name that the
    client asked for in TLS.

    `classification` may be left to whoever decides; so is `rival`, the other one that a path may be read as. `doubts` is why what could
    not be told could not. `is_read`: the body has been looked into, or that was tried, so that to ask it once more costs little.
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
        user: str | None = None,
        sni: str | None = None,
        flow: str = "",
    ) -> None:
        pairs = headers.items() if isinstance(headers, dict) else headers
        self.method = method
        self.url = url
        self.headers: Headers = tuple((_raw(name), _raw(value)) for name, value in pairs)
        self.body = body or b""
        self.classification = classification
        self.rival: Classification | None = None
        self.doubts: dict[str, str] = {}
        self.is_read = False
        self._values: dict[str, Any] = {}
        self.client = client
        self.user = user
        self.sni = sni
        self.flow = flow

    @property
    def sender(self) -> str:
        """Who sent it, for what is to be the same for one sender and no other: a user, else an address."""
        return f"user {self.user}" if self.user is not None else self.client or ""

    @_Told
    def target(self) -> tuple[str, str, str]:
        """Host (with a port that is not the usual one), path, and query, as they were sent."""
        host, path, query = split_target(self.url)
        return host or "", path or "/", query

    @property
    def host(self) -> str:
        return self.target[0]

    @_Told
    def hosts(self) -> tuple[str, ...]:
        """The host with its port where that is not the usual one, and without. Raises Unreadable for a URL without one that makes sense."""
        if not (host := self.target[0]):
            raise Unreadable("the URL names no host that makes sense")
        bare = host if host.endswith("]") else host.rpartition(":")[0] or host
        return (host,) if bare == host else (bare, host)

    @_Told
    def paths(self) -> tuple[str, ...]:
        """The path as sent and, where that differs, as the most obliging server reads it. Raises Unreadable for one that climbs."""
        path = self.target[1]
        if not is_odd(path):
            return (path,)
        reading = canonical(path)
        if reading is None:
            raise Unreadable("the path climbs (..) or is encoded over and over")
        return (path,) if reading == path else (path, reading)

    @_Told
    def query(self) -> dict[str, list[str]]:
        """Decoded values by decoded key."""
        found: dict[str, list[str]] = {}
        for part in self.target[2].split("&") if self.target[2] else ():
            key, _, value = part.partition("=")
            found.setdefault(unquote_plus(key), []).append(unquote_plus(value))
        return found

    def header(self, name: str) -> list[str]:
        """All values of a header; `name` in lower case."""
        found = self._by_name.get(name.encode())
        return [value.decode("utf-8", "surrogateescape") for value in found] if found else []

    @_Told
    def _by_name(self) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for name, value in self.headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    @property
    def content_type(self) -> str:
        """The media type, lower case, without parameters. Raises Unreadable when there are two."""
        types = self.header("content-type")
        if len(types) > 1:
            raise Unreadable("there are two Content-Type headers")
        return types[0].partition(";")[0].strip().lower() if types else ""

    @_Told
    def plain(self) -> bytes:
        """The body without its content coding. Raises Unreadable."""
        if not self.body:
            return b""
        coding = ", ".join(self.header("content-encoding"))
        plain = decode_body(self.body, coding, MAX_BODY) if coding else self.body if len(self.body) <= MAX_BODY else None
        if plain is None:
            raise Unreadable(f"the body has an unknown or damaged content coding, or more than {MAX_BODY} bytes")
        return plain

    @_Told
    def json(self) -> bytes | None:
        """The body if it is JSON that every reader reads alike; None if it is something else. Raises Unreadable when it is in between."""
        self.is_read = True
        content_type, plain = self.content_type, self.plain
        if not plain:
            return None
        inference = self.classification is not None and self.classification.category == "inference"
        start = plain.lstrip(_SPACE)[:1]
        marked = plain.startswith(_MARKS) or b"\0" in plain[:4]
        if not (inference or marked or "json" in content_type or start in (b"{", b"[")):
            return None
        if problem := problem_of(plain, READ_KEYS):
            raise Unreadable(problem)
        return plain

    @_Told
    def asked(self) -> tuple[str | None, bool | None]:
        """The model, and whether its answer is to be a stream. Raises Unreadable."""
        paths = self.paths
        named = model_in_path(paths[0])
        if len(paths) > 1 and model_in_path(paths[1]) != named:
            raise Unreadable("the path can be read as naming different models")
        inside = read_asked(self.json)
        if named[0] is None:
            return inside
        if inside[0] not in (None, named[0], f"models/{named[0]}"):
            raise Unreadable("path and body name different models")
        return named

    @property
    def model(self) -> str | None:
        return self.asked[0]

    @property
    def stream(self) -> bool | None:
        return self.asked[1]

    @_Told
    def tools(self) -> tuple[str, ...]:
        """Names of the tools offered, wherever an API has them. Raises Unreadable."""
        if (data := self.json) is None:
            return ()
        names = read_hints("", data).tools
        if len(names) >= MAX_TOOLS:
            raise Unreadable(f"the body offers {MAX_TOOLS} tools or more")
        try:
            lists = [data[span.start : span.end] for span in find_all(data, ("/tools", "/functions")).values() if span]
            found = [loads(tools[at.start : at.end]) for tools in lists for place in _TOOLS for _, at in find_each(tools, place)]
        except ValueError as error:
            raise Unreadable(str(error)) from None
        return tuple(dict.fromkeys([*names, *(name for name in found if isinstance(name, str) and name)]))

    @_Told
    def thread(self) -> str | None:
        """The conversation that the request belongs to. Raises Unreadable."""
        named = set(self.header("x-amp-thread-id"))
        if len(named) > 1:
            raise Unreadable("there are two x-amp-thread-id headers")
        fields = self.classification.fields if self.classification else {}
        if thread := (named.pop() if named else None) or fields.get("threadId"):
            return thread
        for place in _THREADS:
            self.json_value(place)
        return read_hints("", self.json).thread

    def json_value(self, pointer: str) -> Any:
        """The value at a JSON pointer of the body, or `MISSING`. Raises Unreadable."""
        if pointer not in self._values:
            self._values[pointer] = self._json_value(pointer)
        return self._values[pointer]

    def _json_value(self, pointer: str) -> Any:
        data = self.json
        if data is None:
            return MISSING
        try:
            place = find(data, pointer)
        except ValueError as error:
            raise Unreadable(str(error)) from None
        return MISSING if place is None else _value(data[place.start : place.end])


MISSING: Any = object()
"""No such place in the body: not the same as null."""


def _value(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        value = loads(data)  # takes half a surrogate pair, and numbers past what a float holds
    if value is None:
        raise Unreadable("the body has a value that not all readers can read")
    return value


def with_host(headers: Headers, authority: str) -> Headers:
    """The headers with the host that HTTP/2 has in `:authority`, where there is no Host header."""
    if not authority or any(name.lower() == b"host" for name, _ in headers):
        return headers
    return ((b"host", authority.encode("utf-8", "surrogateescape")), *headers)


def _raw(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
