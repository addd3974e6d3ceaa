"""mitmproxy's flow files, read for what an analysis needs: no flow becomes an object of mitmproxy's, and what is not asked for is skipped.

A file is one tnetstring (`length:payload` and a letter for the type) after another, each a flow. Files of older versions of mitmproxy
are brought up to date by mitmproxy's own converters.
"""

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

from amp_addons.core.clock import sane_time
from amp_addons.core.payload import well_formed
from amp_addons.replay.captured import Answer, Captured, Damage, Message

MAX_FLOW = 1024 * 1024 * 1024
"""Bytes of one flow; a longer one is taken for damage."""

_DIGITS = 12
"""Digits of a length, as mitmproxy reads them."""

_SMALL = 4096
"""Bytes of a client's connection that is worth remembering; with a certificate of the client's it is larger."""

FORMAT = 21
"""The version of the format that is read without conversion: that of mitmproxy 12."""


def frames(stream: BinaryIO, at: int = 0) -> Iterator[tuple[int, bytes]]:
    """Where each flow begins, and its bytes without the length. Raises Damage where a whole flow cannot be read.

    The stream stands at the byte `at` of the file.
    """
    while True:
        size = _length(stream, at)
        if size is None:
            return
        digits = len(str(size)) + 1
        data = stream.read(size + 1)
        if len(data) != size + 1:
            raise Damage(at, f"found a flow that stops after {len(data)} of {size} bytes, expected all of it")
        if data[size] != 0x7D:
            raise Damage(at, "found something that is no flow, expected one")
        yield at, data
        at += digits + size + 1


def _length(stream: BinaryIO, at: int) -> int | None:
    """The length before a flow; None at the end of the file."""
    digits = b""
    while (byte := stream.read(1)) != b":":
        if not byte and not digits:
            return None
        if not byte.isdigit() or len(digits) >= _DIGITS:
            raise Damage(at, "found something that is no flow, expected one" if byte else "found the begin of a flow, expected all of it")
        digits += byte
    size = int(digits or b"0")
    if not digits or str(size).encode() != digits:
        raise Damage(at, "found a flow without a length that makes sense, expected one")
    if size > MAX_FLOW:
        raise Damage(at, f"found a flow of {size} bytes, expected at most {MAX_FLOW}")
    return size


type ReadAt = Callable[[int, int], bytes]
"""Gives so many bytes (the second) from a place on, fewer at the end."""


def scanned(descriptor: int) -> tuple[ReadAt, int]:
    """How to read a file at any place, and its size in bytes: what `ends` wants."""
    return lambda at, count: os.pread(descriptor, count, at), os.fstat(descriptor).st_size


def lengths(descriptor: int) -> Iterator[int]:
    """Where each whole flow of a file ends. Only the lengths before them are read."""
    return ends(*scanned(descriptor))


def ends(read: ReadAt, size: int) -> Iterator[int]:
    """Where each whole flow of so many bytes ends."""
    at = 0
    while at < size:
        digits, colon, _ = read(at, _DIGITS + 1).partition(b":")
        if not colon or not digits.isdigit():
            return
        at += len(digits) + 1 + int(digits) + 1
        if at > size or read(at - 1, 1) != b"}":
            return
        yield at


def whole_flows(descriptor: int) -> int:
    """How many bytes at the beginning of a file are whole flows."""
    return max(lengths(descriptor), default=0)


_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, OverflowError)
"""What reading a flow that is none, or an old one by mitmproxy's converters, may end in."""


def flow_of(data: bytes, at: int) -> Captured | None:
    """What is needed of one flow; None for one that is not HTTP. Raises Damage."""
    try:
        fields = _fields(data, 0, len(data) - 1)
        version = _value(data, *fields["version"])
        if version != FORMAT:
            return _converted(data, at)
        if _value(data, *fields["type"]) != "http":
            return None
        return _http(data, fields)
    except Damage:
        raise
    except _UNREADABLE as error:
        raise Damage(at, f"found a flow that cannot be read ({type(error).__name__}), expected one of mitmproxy") from None


type _Place = tuple[int, int]
"""Where a payload begins and ends; its type stands at the end."""


def _fields(data: bytes, at: int, end: int) -> dict[str, _Place]:
    """The places of a dictionary's values by their keys."""
    found: dict[str, _Place] = {}
    find = data.index
    while at < end:
        colon = find(58, at, at + 13)
        start = colon + 1
        stop = start + int(data[at:colon])
        key = data[start:stop]
        if stop < start:
            raise ValueError("a key of less than nothing")
        at = stop + 1
        colon = find(58, at, at + 13)
        start = colon + 1
        stop = start + int(data[at:colon])
        if not start <= stop < end:
            raise ValueError("a value that what holds it has no room for")
        found[key.decode()] = start, stop
        at = stop + 1
    return found


def _value(data: bytes, start: int, stop: int) -> Any:
    kind = data[stop]
    if kind == 44:  # ,
        return data[start:stop]
    if kind == 59:  # ;
        return data[start:stop].decode("utf-8", "surrogateescape")
    if kind == 35:  # #
        return int(data[start:stop])
    if kind == 94:  # ^
        return float(data[start:stop])
    if kind == 126:  # ~
        return None
    if kind == 33:  # !
        return data[start:stop] == b"true"
    if kind == 93:  # ]
        return _items(data, start, stop)
    if kind == 125:  # }
        return {key: _value(data, *place) for key, place in _fields(data, start, stop).items()}
    raise ValueError("a value of an unknown type")


def _items(data: bytes, at: int, end: int) -> list[Any]:
    found = []
    while at < end:
        colon = data.index(58, at, at + 13)
        start = colon + 1
        stop = start + int(data[at:colon])
        if not start <= stop < end:  # otherwise what is read would be read again, and again
            raise ValueError("a value that what holds it has no room for")
        found.append(_value(data, start, stop))
        at = stop + 1
    return found


class _Client(NamedTuple):
    address: str | None
    sni: str | None
    mode: str


def _client(data: bytes) -> _Client:
    """Of a client's connection."""
    found = _fields(data, 0, len(data) - 1) if data[-1] != 126 else {}
    peer = _value(data, *found["peername"]) if "peername" in found else None
    return _Client(
        address=well_formed(str(peer[0])) if peer else None,
        sni=_typed(_value(data, *found["sni"]), str, None) if "sni" in found else None,
        mode=str(_value(data, *found["proxy_mode"])) if "proxy_mode" in found else "regular",
    )


_known_client = lru_cache(maxsize=64)(_client)
"""The same for those that are small: most flows have theirs in common with others."""


def _http(data: bytes, fields: dict[str, _Place]) -> Captured:
    def inside(name: str) -> dict[str, _Place] | None:
        start, stop = fields[name]
        return None if data[stop] == 126 else _fields(data, start, stop)

    def text(place: _Place) -> str:
        return data[place[0] : place[1]].decode("utf-8", "surrogateescape")

    request = inside("request") or {}
    start, stop = fields["client_conn"]
    client = (_known_client if stop - start < _SMALL else _client)(data[start : stop + 1])
    metadata = _value(data, *fields["metadata"]) if "metadata" in fields else {}
    error = inside("error")
    return Captured(
        id=well_formed(text(fields["id"])),
        method=text(request["method"]),
        scheme=text(request["scheme"]),
        host=text(request["host"]),
        port=_typed(_value(data, *request["port"]), int),
        authority=text(request["authority"]),
        path=text(request["path"]),
        headers=_headers(data, request),
        body=_typed(_value(data, *request["content"]), bytes, None),
        started=_time(_value(data, *request["timestamp_start"])),
        client=client.address,
        sni=client.sni,
        mode=client.mode,
        answer=_answer(data, response) if (response := inside("response")) is not None else None,
        error=(str(_value(data, *error["msg"])), _time(_value(data, *error["timestamp"]))) if error is not None else None,
        messages=_messages(_value(data, *fields["websocket"])) if "websocket" in fields else None,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _answer(data: bytes, response: dict[str, _Place]) -> Answer:
    return Answer(
        status=_typed(_value(data, *response["status_code"]), int),
        headers=_headers(data, response),
        body=_typed(_value(data, *response["content"]), bytes, None),
        started=_time(_value(data, *response["timestamp_start"])),
        ended=_time(_value(data, *response["timestamp_end"])),
    )


def _headers(data: bytes, message: dict[str, _Place]) -> tuple[tuple[bytes, bytes], ...]:
    """A list of pairs of bytes: `_items` without its calls, of which there would be three for each."""
    at, end = message["headers"]
    if data[end] != 93:
        raise TypeError("headers that are no list")
    found = []
    find = data.index
    while at < end:
        colon = find(58, at, at + 13)
        stop = colon + 1 + int(data[at:colon])
        at = colon + 1
        colon = find(58, at, at + 13)
        name = colon + 1
        name_stop = name + int(data[at:colon])
        at = name_stop + 1
        colon = find(58, at, at + 13)
        value = colon + 1
        value_stop = value + int(data[at:colon])
        if not name <= name_stop < value <= value_stop == stop - 1 or stop >= end:
            raise ValueError("a header that is no pair")
        if data[name_stop] != 44 or data[value_stop] != 44 or data[stop] != 93:
            raise TypeError("a header that is no text")
        found.append((data[name:name_stop], data[value:value_stop]))
        at = stop + 1
    return tuple(found)


def _typed[T](value: Any, kind: type[T], *others: None) -> T:
    """The value, which has to be of this type. What a file says is not taken for granted: later it would be in the midst of something."""
    if type(value) is not kind and value not in others:
        raise TypeError(f"a value that is no {kind.__name__}")
    return value  # type: ignore[no-any-return]


def _time(value: Any) -> float:
    return sane_time(float(value or 0.0))


def _messages(socket: dict[str, Any] | None) -> list[Message] | None:
    if socket is None:
        return None
    return [
        Message(kind == 1, bool(from_client), _typed(content, bytes), _time(at))
        for kind, from_client, content, at, *_ in socket["messages"]
    ]


def _converted(data: bytes, at: int) -> Captured | None:
    """A flow of another version, by mitmproxy's own converters."""
    from mitmproxy.io import compat, tnetstring

    old = tnetstring.loads(b"%d:%b" % (len(data) - 1, data))
    if not isinstance(old, dict) or b"version" in old:
        raise ValueError("keys that are bytes")  # as before mitmproxy 1; the converters would look for the version there for ever
    made = tnetstring.dumps(compat.migrate_flow(old))
    return flow_of(made[made.index(b":") + 1 :], at)
