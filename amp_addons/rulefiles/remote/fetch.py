"""One file from one URL, over HTTP/1.1: bounded in size and in time, from exactly there, and as it is.

No redirect is followed, no content coding is undone, no credential is sent. The whole exchange has one deadline, so that a server that
sends a byte now and then gets no further than one that sends none.
"""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

import h11

from amp_addons import __version__
from amp_addons.core.rules.url import Origin, origin_of
from amp_addons.core.scrub import scrub_text
from amp_addons.rulefiles.remote.asking import MAX_ETAG, SECONDS, Answer, CannotFetch
from amp_addons.rulefiles.yamlfile import MAX_BYTES

_READ = 65536


class Through(NamedTuple):
    """The proxy on the way; `auth` is `user:password`."""

    host: str
    port: int
    auth: str | None = None


class Way(NamedTuple):
    """How URLs are reached: what is trusted, and by which proxy (None: directly)."""

    context: Callable[[], ssl.SSLContext]
    through: Callable[[Origin], Through | None] = lambda _origin: None


def fetch(url: str, etag: str | None, way: Way, seconds: float = SECONDS) -> Answer:
    """Ask for a file. Raises CannotFetch."""
    deadline = time.monotonic() + seconds
    try:
        origin = origin_of(url)
        with _connected(origin, way, deadline) as sock:
            return _exchange(sock, _request(origin, etag), deadline)
    except CannotFetch:
        raise
    except TimeoutError:
        raise CannotFetch(f"it took longer than {seconds:g} s") from None
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
        raise CannotFetch(f"there is no trusted connection ({scrub_text(str(reason))})") from None
    except h11.RemoteProtocolError:
        raise CannotFetch("what answers speaks no HTTP, or broke off") from None
    except OSError as error:
        raise CannotFetch(f"there is no connection ({scrub_text(error.strerror or type(error).__name__)})") from None
    except ValueError as error:
        raise CannotFetch(f"the address makes no sense ({type(error).__name__})") from None


def _connected(origin: Origin, way: Way, deadline: float) -> socket.socket:
    through = way.through(origin)
    sock = socket.create_connection((through.host, through.port) if through else (origin.host, origin.port), _left(deadline))
    try:
        if through and origin.scheme == "https":
            _tunnel(sock, origin, through, deadline)
        if origin.scheme == "http":
            return sock
        sock.settimeout(_left(deadline))
        return way.context().wrap_socket(sock, server_hostname=origin.host)
    except BaseException:
        sock.close()
        raise


def _tunnel(sock: socket.socket, origin: Origin, through: Through, deadline: float) -> None:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}"
    headers = [("host", target)]
    if through.auth is not None:
        headers.append(("proxy-authorization", f"Basic {b64encode(through.auth.encode()).decode()}"))
    connection = _send(sock, h11.Request(method="CONNECT", target=target, headers=headers), deadline)
    status = _head(sock, connection, deadline).status_code
    if not 200 <= status < 300:
        raise CannotFetch(f"the proxy on the way answers {status}")


def _request(origin: Origin, etag: str | None) -> h11.Request:
    headers = [("host", origin.authority), ("user-agent", f"amp-addons/{__version__}"), ("accept-encoding", "identity")]
    if etag is not None:
        headers.append(("if-none-match", etag))
    return h11.Request(method="GET", target=origin.path or "/", headers=[*headers, ("connection", "close")])


def _exchange(sock: socket.socket, request: h11.Request, deadline: float) -> Answer:
    connection = _send(sock, request, deadline)
    response = _head(sock, connection, deadline)
    headers = {name.decode(): value.decode("latin-1") for name, value in response.headers}
    if response.status_code == 304 and any(name == b"if-none-match" for name, _ in request.headers):
        return Answer(None, None)
    if 300 <= response.status_code < 400 and response.status_code != 304:
        raise CannotFetch(f"the server answers {response.status_code} and redirects are not followed: name the URL of the file itself")
    if response.status_code != 200:
        raise CannotFetch(f"the server answers {response.status_code}, expected 200")
    if (coding := headers.get("content-encoding", "identity").lower()) != "identity":
        raise CannotFetch(f"the server sends it as {scrub_text(coding)}, expected it as it is")
    data = b""
    while not isinstance(event := _event(sock, connection, deadline), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            data += event.data
        if len(data) > MAX_BYTES:
            raise CannotFetch(f"it has more than {MAX_BYTES:,} bytes")
    etag = headers.get("etag", "")
    return Answer(data, etag if 0 < len(etag) <= MAX_ETAG and etag.isascii() and etag.isprintable() else None)


def _send(sock: socket.socket, request: h11.Request, deadline: float) -> h11.Connection:
    connection = h11.Connection(h11.CLIENT)
    sock.settimeout(_left(deadline))
    sock.sendall((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    return connection


def _head(sock: socket.socket, connection: h11.Connection, deadline: float) -> h11.Response:
    for _ in range(10):  # informational answers
        if isinstance(event := _event(sock, connection, deadline), h11.Response):
            return event
    raise CannotFetch("the server does not come to its answer")


def _event(sock: socket.socket, connection: h11.Connection, deadline: float) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        sock.settimeout(_left(deadline))
        connection.receive_data(sock.recv(_READ))
    if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
        raise CannotFetch("the server broke off")
    return event


def _left(deadline: float) -> float:
    """Seconds that are left. Raises TimeoutError."""
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left
