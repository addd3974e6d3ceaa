"""The request that a decision makes of another: the smallest edits of the original, and no credential of the client's elsewhere.

Pure: `explain` shows what comes out, the addon `route` puts it into the flow.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from amp_addons.core.encoding import encode_body
from amp_addons.core.exchange import Exchange, Headers, Unreadable
from amp_addons.core.hints import MODEL_IN_PATH, model_in_path
from amp_addons.core.json_edit import Edit, Remove, Set, edit
from amp_addons.core.json_pointer import find, parse
from amp_addons.core.redact.action import Hiding, Redacted, Redaction, redact_all
from amp_addons.core.redact.vault import Scope, Vault
from amp_addons.core.rules.credential import query_without_credentials, without_credentials
from amp_addons.core.rules.decision import Changes, Decision, Destination
from amp_addons.core.rules.header import check_value
from amp_addons.core.rules.url import Origin

_COLON = re.compile(":|%3A", re.IGNORECASE)
_SIGNATURES = ("content-digest", "digest", "signature", "signature-input", "content-md5", "x-amz-content-sha256")
"""Headers that no longer hold when the body changes (RFC 9530, RFC 9421)."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be sent. `target` is path and query; `host` what its Host header says. `headers` do not have that one.

    `elsewhere`: it goes to another place than the client named, without the client's credentials.
    `model` is (what the client asked for, what is asked for) where that was changed. `found` counts what was redacted, by rule, where and
    kind; `scope` is for whom its placeholders stand. `strip_path` is what its path was shortened by.
    """

    origin: Origin
    host: str
    target: str
    headers: Headers
    body: bytes
    elsewhere: bool = False
    proxy: Origin | None = None
    model: tuple[str, str] | None = None
    strip_path: str = ""
    found: dict[tuple[str, str, str], int] = {}
    scope: Scope | None = None

    def __repr__(self) -> str:
        return f"Outgoing({self.origin.authority})"

    @property
    def url(self) -> str:
        return f"{self.origin.scheme}://{self.origin.authority}{self.target}"


def outgoing(exchange: Exchange, decision: Decision, hiding: Hiding | None = None) -> Outgoing:
    """The request after the decision. Raises Unreadable when an edit cannot be made for sure: then nothing may be sent.

    `hiding` is what redactions with placeholders or hashes need. Raises core.redact.action.Refused, and ValueError past its limits.
    """
    before = origin_of_request(exchange)
    upstream, changes = decision.upstream, decision.changes
    origin = upstream.origin if upstream and upstream.origin else before
    elsewhere = origin.address != before.address
    _, path, query = exchange.target
    headers = tuple((name, value) for name, value in exchange.headers if name.lower() not in (b"host", b":authority"))
    if elsewhere and not decision.keep_credentials:
        headers, query = without_credentials(headers), query_without_credentials(query)
    path, model, edits = _edits(exchange, changes, path)
    plain = edited(exchange, edits) if edits else None
    if upstream and upstream.origin:
        path = origin.path + stripped(path, upstream.strip_path)
    parts = Redacted(headers=headers, query=query, body=plain, found={})
    scope = None
    if changes.redactions:
        hiding = hiding or Hiding(vault=Vault(b""), key=b"")
        scope = hiding.scope(exchange, origin.authority)
        parts = redacted(exchange, changes.redactions, hiding, scope, parts)
    headers = _headers(parts.headers, changes, upstream if elsewhere else None)
    body = exchange.body if parts.body is None else recoded(exchange, parts.body)
    if body is not exchange.body:
        headers = with_length(headers, body)
    if model or _changes_answers(changes):
        headers = with_header(headers, "accept-encoding", "identity")  # what is looked for is found in the answer
    return Outgoing(
        origin=origin,
        host=_host(exchange, upstream, origin, before),
        target=(path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=headers,
        body=body,
        elsewhere=elsewhere,
        proxy=upstream.proxy if upstream else None,
        model=model,
        strip_path=upstream.strip_path.rstrip("/") if upstream and upstream.origin else "",
        found=parts.found,
        scope=scope,
    )


def redacted(exchange: Exchange, redactions: Iterable[Redaction], hiding: Hiding, scope: Scope | None, parts: Redacted) -> Redacted:
    """The parts of the request after all redactions. A body of None is the exchange's, and stays None when nothing of it changes."""
    body = parts.body
    if body is None and exchange.body and any(each.spec.request for each in redactions):
        body = exchange.plain
    is_json = parts.body is not None or exchange.json is not None
    found = msgspec.structs.replace(parts, body=body)
    found = redact_all(found, redactions, hiding, scope, is_json=is_json)
    return msgspec.structs.replace(found, body=parts.body) if found.body == body else found


def _changes_answers(changes: Changes) -> bool:
    return any(each.spec.response or (each.mode == "placeholder" and each.spec.restore) for each in changes.redactions)


def stripped(path: str, prefix: str) -> str:
    """The path without the prefix. A prefix ends at a segment: what comes out begins with a slash, or is empty."""
    rest = path.removeprefix(prefix.rstrip("/"))
    return rest if rest[:1] in ("", "/") else path


def origin_of_request(exchange: Exchange) -> Origin:
    """Where the client wants the request to go. Raises Unreadable."""
    try:
        parts = urlsplit(exchange.url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("http", "https") or not host or not exchange.host:
        raise Unreadable("the URL names no host that makes sense")
    return Origin(scheme, host.rstrip("."), port or (443 if scheme == "https" else 80), "")


def origin_of_location(location: str) -> Origin | None:
    """Where a redirect leads; its path has the query with it. None: it stays on the host. Raises ValueError where that cannot be told."""
    if not location.isprintable() or "\\" in location:
        # Clients drop tabs and ends of lines, and read \ as /: "/\t/host" is "//host" to them.
        raise ValueError("the redirect leads nowhere that makes sense")
    if location.startswith("/") and not location.startswith("//"):
        return None
    parts = urlsplit(location)
    if not parts.scheme and not parts.netloc and not location.startswith("/"):
        return None
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in ("http", "https") or not host or parts.path.startswith("//"):
        raise ValueError("the redirect leads nowhere that makes sense")
    path = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    return Origin(scheme, host.rstrip("."), parts.port or (443 if scheme == "https" else 80), path)


def redirected(location: str, out: Outgoing) -> str | None:
    """A redirect of the upstream's, put so that the client comes by here again; None where it leads to another host."""
    try:
        target = origin_of_location(location)
    except ValueError:
        return None
    if target is not None and target.address != out.origin.address:
        return None
    path = location if target is None else target.path or "/"
    front = out.origin.path
    return out.strip_path + path[len(front) :] if front and path.startswith(f"{front}/") else path


def _host(exchange: Exchange, upstream: Destination | None, origin: Origin, before: Origin) -> str:
    if upstream and upstream.host_header:
        return upstream.host_header
    if origin.address == before.address:
        return next(iter(exchange.header("host")), before.authority)
    return origin.authority


def _headers(headers: Headers, changes: Changes, elsewhere: Destination | None) -> Headers:
    removed = {name.lower().encode() for name in changes.remove_headers}
    headers = tuple((name, value) for name, value in headers if name.lower() not in removed)
    for name, value in changes.set_headers.items():
        headers = with_header(headers, name, value)
    if elsewhere and elsewhere.credential:
        name, secret = elsewhere.credential
        check_value(secret.value)
        headers = with_header(headers, name, secret.value)
    return headers


def with_header(headers: Headers, name: str, value: str) -> Headers:
    """With this header once: in the place and spelling of the first one of its name, or at the end."""
    raw, wanted = name.encode(), name.lower().encode()
    places = [place for place, (found, _) in enumerate(headers) if found.lower() == wanted]
    if not places:
        return (*headers, (raw, value.encode()))
    return tuple(
        (found, value.encode()) if place == places[0] else (found, old)
        for place, (found, old) in enumerate(headers)
        if place == places[0] or place not in places
    )


def with_length(headers: Headers, body: bytes) -> Headers:
    """With the Content-Length of a new body; a chunked one stays chunked."""
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        return headers
    return with_header(headers, "content-length", str(len(body)))


def _edits(exchange: Exchange, changes: Changes, path: str) -> tuple[str, tuple[str, str] | None, list[Edit]]:
    """Path, the model before and after, and the edits of the body."""
    edits: list[Edit] = [Set(pointer, value) for pointer, value in changes.set_body.items()]
    edits += [Remove(pointer) for pointer in changes.remove_body]
    model = None
    if changes.model and (sent := exchange.model):
        model = (sent, changes.model)
        path, in_path = _model_in_path(path, changes.model)
        edits += [] if in_path else [Set("/model", changes.model)]
    return path, model, edits


def _model_in_path(path: str, model: str) -> tuple[str, bool]:
    """`…/models/{model}:verb` with another model, and whether the path has one at all."""
    found = MODEL_IN_PATH.search(path)
    if found is None or model_in_path(path)[0] is None:
        return path, False
    *_, colon = _COLON.finditer(found[1])
    return f"{path[: found.start(1)]}{quote(model, safe='')}{found[1][colon.start() :]}{path[found.end(1) :]}", True


def edited(exchange: Exchange, edits: list[Edit]) -> bytes:
    """The body, without its content coding, with edits. Raises Unreadable."""
    data = exchange.json
    if data is None:
        raise Unreadable("the body is not JSON and cannot be edited")
    try:
        return edit(data, with_parents(data, edits))
    except ValueError as error:
        raise Unreadable(str(error)) from None


def recoded(exchange: Exchange, plain: bytes) -> bytes:
    """A changed body in the coding that the original came in. Raises Unreadable for one that is signed."""
    if any(value.startswith("AWS4-") for value in exchange.header("authorization")):
        raise Unreadable("the body is signed (AWS Signature Version 4) and cannot be edited")
    if signed := next((name for name in _SIGNATURES if exchange.header(name)), None):
        raise Unreadable(f"the body is signed ({signed}) and cannot be edited")
    try:
        return encode_body(plain, ", ".join(exchange.header("content-encoding")))
    except ValueError as error:
        raise Unreadable(str(error)) from None


def with_parents(data: bytes, edits: list[Edit]) -> list[Edit]:
    """The edits, where those that set something below keys that are not there make these as well, as objects."""
    found: dict[str, Any] = {}
    removed: list[Edit] = []
    for each in edits:
        if isinstance(each, Remove):
            removed.append(each)
            continue
        pointer, value = each.pointer, each.value
        while (above := pointer.rpartition("/")[0]) and find(data, above) is None:
            value = {parse(pointer)[-1]: value}
            pointer = above
        found[pointer] = _merged(found[pointer], value) if pointer in found else value
    return [*(Set(pointer, value) for pointer, value in found.items()), *removed]


def _merged(before: Any, after: Any) -> Any:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    return {**before, **{key: _merged(before[key], value) if key in before else value for key, value in after.items()}}
