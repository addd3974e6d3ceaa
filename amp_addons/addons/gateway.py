"""A proxy for a whole team, beyond this machine (`amp_gateway`): who may use it, and what it may be asked to reach (THREATS 15).

Every client has to speak TLS with the proxy itself and to give a name and password: its address says nothing, behind a balancer all have
the balancer's. What it asks for has to be a host of the catalogs or amp.url, or one that `amp_gateway_hosts` names; a name must lead to
public addresses. What a rule sends elsewhere goes where the rule says. Fails closed: what was not let through here is not connected to.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple

from mitmproxy import addonmanager, ctx, exceptions, http
from mitmproxy.connection import Client
from mitmproxy.proxy.mode_specs import ProxyMode, RegularMode, UpstreamMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from amp_addons.addons import script
from amp_addons.addons.connections import cut_server, is_with_proxy
from amp_addons.addons.exchange import misdirected
from amp_addons.addons.guard import enforcing
from amp_addons.addons.hub import Hub
from amp_addons.addons.once import Once
from amp_addons.addons.route import answer_with
from amp_addons.addons.startup import is_choice, refuse
from amp_addons.core.answers.refusal import refuse as refusal
from amp_addons.core.reach import Network, Reachable, own_network, why_not
from amp_addons.core.rules.applied import Applied
from amp_addons.core.target import host_key, is_address
from amp_addons.core.trace import FlowTrace

RESOLVE_WITHIN = 10.0
"""Seconds that a name may take to be found."""

MAX_UNWANTED = 64 * 1024
"""Bytes of a request that is refused: it is read before the answer is sent. One with more is closed."""

MAX_PLACES = 200
"""Places that one connection of a client may have been let through to; the oldest is forgotten."""

NO_TLS = "This gateway is reached by TLS only: set HTTPS_PROXY=https://USER:PASSWORD@GATEWAY:PORT. Change a password that was sent without."

logger = logging.getLogger(__name__)

type Destination = tuple[str, int]


class Passage(NamedTuple):
    """What a connection to a place was let through for. `chosen`: by the configuration of this proxy, whatever its address."""

    networks: tuple[Network, ...] = ()
    chosen: bool = False


class Guest:
    """One connection of a client's."""

    def __init__(self) -> None:
        self.has_tls = False
        self.tunnel: Destination | None = None
        self.misnamed = False
        self.passages: dict[Destination, Passage] = {}

    def let_through(self, place: Destination, passage: Passage) -> None:
        if len(self.passages) >= MAX_PLACES and place not in self.passages:
            del self.passages[next(iter(self.passages))]
        self.passages[place] = passage


class Gateway:
    """Comes after the addon `route`: what rules have made of a request is what is connected to."""

    name = "amp.gateway"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._on = False
        self._named: tuple[Reachable, ...] = ()
        self._guests: dict[str, Guest] = {}
        self._asked: dict[str, Destination] = {}
        self._refused: dict[str, str] = {}
        self._tell = Once(logger, "gateway: ", end="")

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option("amp_gateway", str, "off", "on: serve clients of other machines: TLS, a password, and known destinations only.")
        loader.add_option(
            "amp_gateway_hosts",
            Sequence[str],
            [],
            "Hosts that amp_gateway lets through besides those of the catalogs and amp.url: HOST, *.HOST, HOST=NETWORK for a private one.",
        )

    def configure(self, updated: set[str]) -> None:
        if not updated & {"amp_gateway", "amp_gateway_hosts", "proxyauth", "mode"}:
            return
        if not is_choice("amp_gateway", ctx.options.amp_gateway, ("on", "off")):
            return
        try:
            named = tuple(map(Reachable.parse, ctx.options.amp_gateway_hosts))
        except ValueError as error:
            return refuse(f"option amp_gateway_hosts: {error}.")
        on = ctx.options.amp_gateway == "on"
        if on and (problem := _problem()):
            return refuse(f"option amp_gateway: {problem}")
        self._on, self._named = on, named

    def tls_clienthello(self, data: ClientHelloData) -> None:
        client, sni = data.context.client, data.client_hello.sni
        if not self._on:
            return
        if is_with_proxy(data.context):
            # One tunnel a connection: in HTTP/2 one client could have many, and mitmproxy has one name and user for all of them.
            client.alpn = b"http/1.1"
            return
        guest = self._guest(client)
        if guest.tunnel is not None and sni and not is_address(guest.tunnel[0]) and _bare(sni) != _bare(guest.tunnel[0]):
            # Not seen again where the connection is passed through: it would be for whom its name says.
            guest.misnamed = True

    def tls_established_client(self, data: TlsData) -> None:
        if self._on and is_with_proxy(data.context):
            self._guest(data.context.client).has_tls = True

    @enforcing
    def http_connect(self, flow: http.HTTPFlow) -> None:
        if not self._on:
            return
        guest, place = self._guest(flow.client_conn), _place(flow)
        if not self._is_admitted(flow, guest) or flow.response is not None:
            return
        passage = self._passage(place)
        if passage is None:
            return self._refuse(flow, _unknown(place))
        guest.tunnel = place
        guest.let_through(place, passage)
        self._mind_proxy(flow, guest)

    @enforcing
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not self._on or not flow.live:
            return
        guest, place = self._guest(flow.client_conn), _place(flow)
        if not flow.is_replay and not self._is_admitted(flow, guest):
            return
        if flow.response is not None:
            return _read_no_more(flow)
        self._asked[flow.id] = place
        if self._passage(place) is None:
            self._refuse(flow, _unknown(place))
        elif problem := misdirected(flow):
            self._refuse(flow, f"This gateway refuses it: {problem.partition(';')[0]}.", 421)

    @enforcing
    def request(self, flow: http.HTTPFlow) -> None:
        asked = self._asked.pop(flow.id, None)
        if (message := self._refused.pop(flow.id, None)) and (trace := self._hub.traces.get(flow.id)):
            _note(trace, message)
        if not self._on or not flow.live or flow.response is not None or flow.error is not None:
            return
        guest, place = self._guest(flow.client_conn), _place(flow)
        if asked is None:
            return self._refuse(flow, "This gateway has not seen the beginning of this request.", 500)
        # Another place than the client asked for is one that the configuration has chosen: an upstream of a rule.
        passage = Passage(chosen=True) if place != asked else self._passage(place)
        if passage is None:
            return self._refuse(flow, _unknown(place))
        guest.let_through(place, passage)
        self._mind_proxy(flow, guest)

    async def server_connect(self, data: ServerConnectionHookData) -> None:
        if not self._on or data.server.error:
            return
        try:
            problem = await self._objection(data)
        except Exception as error:
            problem = f"the gateway could not look at it ({type(error).__name__})"
        if problem:
            self._tell(f"a connection was not made: {problem}")
            data.server.error = problem

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """A name may lead elsewhere when it is asked for once more."""
        if not self._on:
            return
        try:
            passage = self._passage_of(data)
            peer = data.server.peername[0] if data.server.peername else ""
            problem = "nobody asked for it" if passage is None else None if passage.chosen else why_not(peer, passage.networks)
        except Exception as error:
            problem = f"the gateway could not look at it ({type(error).__name__})"
        if problem:
            self._tell(f"a connection was closed before anything was sent: it led to {problem}")
            cut_server(data.client, data.server)

    def error(self, flow: http.HTTPFlow) -> None:
        self._asked.pop(flow.id, None)
        self._refused.pop(flow.id, None)

    def client_disconnected(self, client: Client) -> None:
        self._guests.pop(client.id, None)

    def failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        if trace := self._hub.traces.get(flow.id):
            trace.verdict, trace.reason = "blocked", f"the gateway could not look at it ({type(error).__name__})"

    def _is_admitted(self, flow: http.HTTPFlow, guest: Guest) -> bool:
        """Whether the client may use the gateway. mitmproxy's `proxyauth` has looked at the password, and answers who gave none."""
        if not guest.has_tls:
            # In place of mitmproxy's question for a password, which would be answered without TLS.
            self._refuse(flow, NO_TLS)
            return False
        if flow.response is not None:
            return True
        given = flow.metadata.get("proxyauth")
        if not given:
            self._refuse(flow, "This gateway does not know who asks.", 407)
            return False
        flow.metadata["amp.user"] = given[0]
        flow.metadata["proxyauth"] = (given[0], "***")
        return True

    def _passage(self, place: Destination) -> Passage | None:
        """Whether clients may ask for a place, and what it may lead to."""
        host, port = place
        key = host_key(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        if key is None:
            return None
        for named in self._named:
            if named.matches(key):
                return Passage(named.networks)
        return Passage(own_network(key)) if self._hub.knows(key) else None

    def _mind_proxy(self, flow: http.HTTPFlow, guest: Guest) -> None:
        """What is on the way, where the configuration says that there is something."""
        if flow.server_conn.via is not None:
            _, (host, port, *_) = flow.server_conn.via
            guest.let_through((host.lower(), port), Passage(chosen=True))

    def _passage_of(self, data: ServerConnectionHookData) -> Passage | None:
        guest, address = self._guests.get(data.client.id), data.server.address
        if guest is None or address is None:
            return None
        return guest.passages.get((address[0].lower(), address[1]))

    async def _objection(self, data: ServerConnectionHookData) -> str | None:
        passage, address = self._passage_of(data), data.server.address
        if passage is None or address is None:
            return "this gateway was not asked for it in a way that it understands"
        if passage.chosen:
            return None
        if self._guests[data.client.id].misnamed:
            return "the name in TLS is not that of the tunnel"
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(*address[:2], type=socket.SOCK_STREAM), RESOLVE_WITHIN)
        except (OSError, TimeoutError, UnicodeError):
            return f"{address[0]} was not found by the gateway"
        for *_, each in found:
            if problem := why_not(str(each[0]), passage.networks):
                return f"{address[0]} leads to {problem}, which this gateway does not connect to"
        return None if found else f"{address[0]} was not found by the gateway"

    def _refuse(self, flow: http.HTTPFlow, message: str, status: int = 403) -> None:
        api = self._hub.classify(flow).api if flow.request.method != "CONNECT" else None
        answer_with(flow, refusal(api, message, status=status))
        _read_no_more(flow)
        self._tell(message)
        if flow.request.method == "CONNECT":
            _note(FlowTrace(flow.id, time.time(), self._hub.publish), message)
        elif trace := self._hub.traces.get(flow.id):
            _note(trace, message)
        else:
            self._refused[flow.id] = message  # its trace begins when the request is whole

    def _guest(self, client: Client) -> Guest:
        return self._guests.setdefault(client.id, Guest())


def _problem() -> str | None:
    """Why this proxy is no gateway, and what to do."""
    auth = ctx.options.proxyauth if "proxyauth" in ctx.options else None
    if not auth or auth == "any":
        return f"found {'no option proxyauth' if not auth else 'proxyauth=any'}, expected passwords: --set proxyauth=@FILE (htpasswd)."
    for mode in ctx.options.mode:
        try:
            parsed = ProxyMode.parse(mode)
        except ValueError as error:
            raise exceptions.OptionsError(str(error)) from None
        if not isinstance(parsed, RegularMode | UpstreamMode):
            return f"found the mode {parsed.type_name}, expected regular or upstream: others have no password of their own, or no TLS."
    return None


def _place(flow: http.HTTPFlow) -> Destination:
    return flow.request.host.lower(), flow.request.port


def _note(trace: FlowTrace, message: str) -> None:
    trace.decided(time.time(), [Applied(rule="amp_gateway", mode="enforce", action="block", detail=message)], blocked=True)


def _bare(name: str) -> str:
    return name.lower().removesuffix(".")


def _unknown(place: Destination) -> str:
    return (
        f"This gateway does not connect to {place[0]}:{place[1]}: it is in no catalog, not amp.url, and option amp_gateway_hosts does not "
        "name it."
    )


def _read_no_more(flow: http.HTTPFlow) -> None:
    """mitmproxy keeps the whole request before it answers: what has no bound is closed."""
    headers = flow.request.headers
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or len(length) > 9 or int(length) > MAX_UNWANTED:
        flow.kill()


addons = script(__name__)
