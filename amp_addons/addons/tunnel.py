"""Connections that no request of is seen: passed through by a rule, or closed because a rule would have to see what is in them.

What is no HTTP inside a tunnel, an unknown upgrade, and what mitmproxy's `ignore_hosts` hides would go by every rule (THREATS 6).
"""

import logging
import re
import time

from mitmproxy import addonmanager, ctx, http, tcp
from mitmproxy.connection import Client
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from amp_addons.addons import script
from amp_addons.addons.connections import end_servers, is_with_proxy
from amp_addons.addons.hub import Hub
from amp_addons.addons.once import Once
from amp_addons.addons.startup import is_choice
from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.applied import Applied
from amp_addons.core.rules.connection import concerned, passed_through
from amp_addons.core.target import host_key, is_address
from amp_addons.core.trace import FlowTrace

logger = logging.getLogger(__name__)


class Tunnel:
    name = "amp.tunnel"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._closed: set[str] = set()  # ids of clients whose connections go nowhere
        self._passed: set[str] = set()  # ids of clients whose connections go by
        self._say = Once(logger)
        self._only_known = False

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option("amp_inspect", str, "all", "catalog: decrypt only the hosts of the catalogs and of rules; all: every host.")

    def configure(self, updated: set[str]) -> None:
        if "amp_inspect" in updated and is_choice("amp_inspect", ctx.options.amp_inspect, ("all", "catalog")):
            self._only_known = ctx.options.amp_inspect == "catalog"

    def tls_clienthello(self, data: ClientHelloData) -> None:
        if (not self._hub.rules and not self._only_known) or is_with_proxy(data.context):
            return
        client, sni = data.context.client, data.client_hello.sni
        address = data.context.server.address
        names = [name for name in (sni, address[0] if address and not is_address(address[0]) else None) if name]
        place = [address[0]] if address else []
        if self._only_known and not self._is_looked_into(client, [*names, *place], address[1] if address else 443):
            data.ignore_connection = True
            self._passed.add(client.id)
            return self._tell_passed(client, names[0] if names else address[0] if address else "a host without a name")
        found = [passed_through(self._hub.rules, *self._exchange(name, client)) for name in names]
        # Every name that is given must be one to pass through: a tunnel to another host could bear this one's.
        if found and all(found):
            data.ignore_connection = True
            self._tell(client, found[0] or "", "passthrough", f"{names[0]} is not inspected", logging.INFO)

    def tcp_start(self, flow: tcp.TCPFlow) -> None:
        address = flow.server_conn.address
        names = [name for name in (flow.client_conn.sni, address[0] if address else None) if name]
        self._close(flow.client_conn, names, "what is in this connection is not HTTP")
        if flow.client_conn.id in self._closed:
            end_servers(flow.client_conn)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        if flow.client_conn.id in self._closed:
            flow.messages[-1].content = b""

    def server_connect(self, data: ServerConnectionHookData) -> None:
        address = data.server.address
        if address and data.client.id not in self._closed and _ignored(address[0], address[1], data.client.sni):
            names = [name for name in (data.client.sni, address[0]) if name]
            self._close(data.client, names, "mitmproxy's option ignore_hosts or allow_hosts hides this host")
        if data.client.id in self._closed:
            data.server.error = "a rule of the local proxy would have to see what is in this connection"

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """The client of a connection that goes by only sees it end, and there is no flow that would say why."""
        if data.client.id in self._passed and data.server.address:
            self._say(f"{data.server.address[0]} cannot be reached: {data.server.error}", logging.WARNING)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        response = flow.response
        if response is None or response.status_code != 101 or response.headers.get("upgrade", "").lower() == "websocket":
            return
        self._close(flow.client_conn, [flow.request.host], "this upgrade ends HTTP")
        if flow.client_conn.id in self._closed:
            flow.kill()

    def client_disconnected(self, client: Client) -> None:
        self._closed.discard(client.id)
        self._passed.discard(client.id)

    def _is_looked_into(self, client: Client, names: list[str], port: int) -> bool:
        """Whether one of the names is a host of the catalogs, or one that a rule may have to do with: none by URL opens a host."""
        keys = {host_key(name) for name in names} | {host_key(f"{name}:{port}") for name in names}
        if any(self._hub.knows(key) for key in keys if key):
            return True
        return any(concerned(self._hub.rules, *self._exchange(name, client), own=True) is not None for name in names)

    def _tell_passed(self, client: Client, name: str) -> None:
        """That a connection goes by: a flow of its own in the events, which begins and ends here."""
        detail = f"{name} is in no catalog and is not inspected"
        now = time.time()
        FlowTrace(client.id, now, self._hub.publish).decided(
            now, [Applied(rule="amp_inspect", mode="enforce", action="passthrough", detail=detail)]
        )
        self._say(detail, logging.INFO)

    def _close(self, client: Client, names: list[str], why: str) -> None:
        """Let the client's connections go nowhere, if a rule that enforces may concern any of the names."""
        for name in names:
            if rule := concerned(self._hub.rules, *self._exchange(name, client)):
                self._closed.add(client.id)
                return self._tell(client, rule, "block", f"{name}: {why}, and rule {rule} would have to see it; closed", logging.WARNING)

    def _exchange(self, name: str, client: Client) -> tuple[Exchange, bool]:
        """A request to this host as far as it is known, and whether its classification holds for all requests to it."""
        host = f"[{name}]" if ":" in name else name
        exchange = Exchange("CONNECT", f"https://{host}/", client=client.peername[0] if client.peername else None)
        reverse = isinstance(client.proxy_mode, ReverseMode)
        return exchange, not reverse and self._hub.rules.settles(exchange, host_key(host))

    def _tell(self, client: Client, rule: str, action: str, detail: str, level: int) -> None:
        now = time.time()
        FlowTrace(client.id, now, self._hub.publish).decided(now, [Applied(rule=rule, mode="enforce", action=action, detail=detail)])
        self._say(f"{detail} (rule {rule})", level)


def _ignored(host: str, port: int, sni: str | None) -> bool:
    """Whether mitmproxy hides a host, as its addon `next_layer` decides it."""
    names = [f"{name}:{port}" for name in (host, sni) if name]
    if ctx.options.ignore_hosts:
        return any(re.search(pattern, name, re.IGNORECASE) for pattern in ctx.options.ignore_hosts for name in names)
    if ctx.options.allow_hosts:
        return not any(re.search(pattern, name, re.IGNORECASE) for pattern in ctx.options.allow_hosts for name in names)
    return False


addons = script(__name__)
