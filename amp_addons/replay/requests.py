"""Requests of flows, as rules look at them: out of recordings, and of those under way."""

from pathlib import Path

from mitmproxy import exceptions, http
from mitmproxy import io as recordings

from amp_addons.core.classify import Classification
from amp_addons.core.exchange import Exchange


class NoSuchFlow(ValueError):
    """The recording has no such flow, or cannot be read up to it."""


def request_of(path: Path, number: int = 1) -> Exchange:
    """The request of the `number`th HTTP flow (from 1) of a recording of mitmproxy's. Raises OSError, NoSuchFlow."""
    count = 0
    with path.open("rb") as stream:
        try:
            for flow in recordings.FlowReader(stream).stream():
                if isinstance(flow, http.HTTPFlow):
                    count += 1
                    if count == number:
                        return exchange_of(flow)
        except exceptions.FlowReadException as error:
            raise NoSuchFlow(f"{path} cannot be read as a recording of flows ({error}); flows before that: {count}") from None
    raise NoSuchFlow(f"{path} has {count} HTTP flows, expected a number from 1 to that; found {number}")


def exchange_of(flow: http.HTTPFlow, url: str | None = None, classification: Classification | None = None) -> Exchange:
    """The request of a flow as it is; `url` where mitmproxy's own is not the one that is meant."""
    request, client = flow.request, flow.client_conn
    headers = list(request.headers.fields)
    if request.authority and "host" not in request.headers:
        headers.insert(0, (b"host", request.authority.encode("utf-8", "surrogateescape")))
    return Exchange(
        request.method,
        url or request.url,
        headers,
        request.raw_content,
        classification=classification,
        client=client.peername[0] if client.peername else None,
        sni=client.sni,
        flow=flow.id,
    )
