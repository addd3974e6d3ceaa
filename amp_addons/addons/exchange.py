"""Between mitmproxy's flows and the values that rules work on."""

from mitmproxy import http
from mitmproxy.proxy.mode_specs import ReverseMode

from amp_addons.addons.classify import url_of
from amp_addons.addons.hub import Hub
from amp_addons.core.exchange import Exchange, with_host
from amp_addons.core.hints import read_hints
from amp_addons.core.rules.outgoing import Outgoing
from amp_addons.core.target import host_key, is_address

_FRAMING = (b"content-length", b"transfer-encoding")


def exchange_of(flow: http.HTTPFlow, hub: Hub) -> Exchange:
    """The request of a flow as it is now."""
    request, client = flow.request, flow.client_conn
    return Exchange(
        request.method,
        url_of(flow),
        with_host(request.headers.fields, request.authority),
        request.raw_content,
        classification=hub.classify(flow),
        client=client.peername[0] if client.peername else None,
        user=flow.metadata.get("amp.user"),
        sni=client.sni,
        flow=flow.id,
    )


def length_of(response: http.Response) -> int | None:
    """The length of the body that is announced (bytes), if one is."""
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else None


def stream_wanted(exchange: Exchange) -> bool:
    """Whether the client asked for a stream, read as forgivingly as a server would."""
    coding = ", ".join(exchange.header("content-encoding"))
    return bool(read_hints(exchange.target[1], exchange.body, coding).stream)


def array_wanted(exchange: Exchange) -> bool:
    """Whether the stream is to be a JSON array, as Google's are without `alt=sse`."""
    api = exchange.classification.api if exchange.classification else None
    return api == "google-generatecontent" and exchange.query.get("alt") != ["sse"]


def misdirected(flow: http.HTTPFlow) -> str | None:
    """A sentence when Host header, TLS name and destination of a request disagree: for whom is it then? (RFC 9110, 15.5.20)

    A reverse listener stands for another host by design; and where only an address is known, the names must agree.
    """
    if isinstance(flow.client_conn.proxy_mode, ReverseMode):
        return None
    request = flow.request
    named = request.host_header
    # Without TLS in the request's own connection a name in TLS can only be that of the proxy itself.
    sni = flow.client_conn.sni if request.scheme == "https" else None
    names = {_bare(found) for found in (None if is_address(request.host) else request.host, named, sni) if found}
    if len(names) < 2:
        return None
    return (
        "Host header, TLS name and destination of this request disagree; a rule of the local proxy that gives it to an upstream refuses it."
    )


def _bare(host: str) -> str:
    return (host_key(host) or host.lower()).rpartition(":")[0] or host_key(host) or host.lower()


def put(request: http.Request, exchange: Exchange, out: Outgoing) -> None:
    """Make a request what is to be sent: nothing else of it is touched."""
    had_host = "host" in request.headers
    before = request.headers.get("host"), request.authority
    if (request.scheme, request.host, request.port) != (out.origin.scheme, out.origin.host, out.origin.port):
        request.scheme, request.host, request.port = out.origin.scheme, out.origin.host, out.origin.port
    fields = [(name, value) for name, value in out.headers]
    if had_host:
        place = next(place for place, (name, _) in enumerate(exchange.headers) if name.lower() == b"host")
        name = exchange.headers[place][0]
        kept_before = sum(1 for found, _ in exchange.headers[:place] if any(found == kept for kept, _ in fields))
        fields.insert(min(kept_before, len(fields)), (name, out.host.encode()))
    if out.body and not request.is_http11 and not any(name.lower() in _FRAMING for name, _ in fields):
        # HTTP/2 needs no length. mitmproxy passes that on to an upstream that speaks HTTP/1.1, which then sees no body.
        fields.append((b"content-length", b"%d" % len(out.body)))
    request.headers = http.Headers(fields)
    if before[1]:
        request.authority = out.host
    if request.path != out.target:
        request.path = out.target
    if out.body is not exchange.body:
        request.raw_content = out.body
