"""HAR files (HTTP Archive 1.2), as browsers, mitmproxy and other proxies write them."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from amp_addons.core.clock import sane_time
from amp_addons.core.exchange import Headers
from amp_addons.core.payload import well_formed
from amp_addons.core.target import DEFAULT_PORTS
from amp_addons.replay.captured import Answer, Captured, Damage, Message

_BOM = b"\xef\xbb\xbf"


def entries_of(data: bytes) -> Iterator[Captured]:
    """The flows of a HAR file. Raises Damage where one cannot be read; JSON can only be read as a whole."""
    try:
        whole = msgspec.json.decode(data.removeprefix(_BOM))
        entries = whole["log"]["entries"]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Damage(_place(error), "found JSON that is damaged or stops early, expected a HAR file") from None
    except (KeyError, TypeError):
        raise Damage(0, "found JSON without log.entries, expected a HAR file") from None
    if not isinstance(entries, list):
        raise Damage(0, "found log.entries that is no list, expected a HAR file")
    for number, entry in enumerate(entries):
        try:
            flow = _flow(entry, number)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Damage(0, f"found entry {number + 1} of the HAR file in a form that cannot be read ({type(error).__name__})") from None
        if flow is not None:
            yield flow


def _place(error: Exception) -> int:
    """msgspec ends its sentences with `(byte 123)`."""
    _, _, tail = str(error).rpartition("(byte ")
    return int(tail.rstrip(")")) if tail.rstrip(")").isdigit() else 0


def _flow(entry: dict[str, Any], number: int) -> Captured | None:
    request, response = entry["request"], entry.get("response") or {}
    url = urlsplit(request["url"])
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    if scheme not in DEFAULT_PORTS:
        return None  # data:, blob:, chrome-extension: … no traffic
    started = sane_time(datetime.fromisoformat(entry["startedDateTime"]).timestamp())
    timings = {name: value for name, value in (entry.get("timings") or {}).items() if isinstance(value, int | float) and value > 0}
    total = entry.get("time")
    took = (total if isinstance(total, int | float) and total > 0 else sum(timings.values())) / 1000
    over = sane_time(started + took)
    status = int(response.get("status") or 0)
    answer = None
    if status:
        first = max(started, started + took - timings.get("receive", 0) / 1000)
        answer = Answer(status, _headers(response), _body(response.get("content") or {}), sane_time(first), over)
    failed = None if answer else (str(response.get("_error") or entry.get("_error") or "no answer was recorded"), over)
    messages = [_message(found) for found in entry.get("_webSocketMessages") or ()]
    return Captured(
        id=well_formed(str(entry.get("_id") or f"har-{number + 1}")),
        method=str(request["method"]),
        scheme=scheme,
        host=url.hostname or "",
        port=url.port or DEFAULT_PORTS[scheme],
        path=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=_headers(request),
        body=_body(request.get("postData") or {}),
        started=started,
        answer=answer,
        error=failed,
        messages=messages or None,
    )


def _headers(message: dict[str, Any]) -> Headers:
    """A HAR file has bodies without their content coding, so what names it goes."""
    pairs = [(str(each["name"]), str(each["value"])) for each in message.get("headers") or () if not str(each["name"]).startswith(":")]
    return tuple(
        (name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs if name.lower() != "content-encoding"
    )


def _body(content: dict[str, Any]) -> bytes | None:
    text = content.get("text")
    if not isinstance(text, str):
        return None
    return _decoded(text) if content.get("encoding") == "base64" else text.encode("utf-8", "surrogatepass")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a body is no base64") from None


def _message(found: dict[str, Any]) -> Message:
    data, is_text = str(found["data"]), found.get("opcode") == 1
    content = data.encode("utf-8", "surrogatepass") if is_text else _decoded(data)
    return Message(is_text, found.get("type") == "send", content, sane_time(float(found["time"])))
