"""Goes through a company's proxy (mitmproxy's mode `upstream`) as that company's clients do: with its password, and past it where they do.

Password and exceptions come from the environment, so that they are in no command line and no list of options (THREATS 17).
"""

import os
from base64 import b64encode

from mitmproxy import http
from mitmproxy.proxy.mode_specs import UpstreamMode
from mitmproxy.tls import ClientHelloData

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.core.target import LOOPBACK
from amp_addons.launch.environment import UPSTREAM_AUTH, UPSTREAM_NO_PROXY
from amp_addons.launch.noproxy import leaves_out


class Chain:
    name = "amp.chain"

    def __init__(self, hub: Hub) -> None:
        auth = os.environ.get(UPSTREAM_AUTH, "")
        self._auth = b"Basic " + b64encode(auth.encode()) if auth else None
        given = os.environ.get(UPSTREAM_NO_PROXY)
        # A company's proxy does not reach this machine's own servers. Where nobody says that it is one, it is mitmproxy's own business.
        self._no_proxy = "" if given is None else ",".join([given, *LOOPBACK])

    @looking
    def tls_clienthello(self, data: ClientHelloData) -> None:
        server = data.context.server
        if server.via and server.address and leaves_out(self._no_proxy, *server.address[:2]):
            server.via = None

    @looking
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        request, mode = flow.request, flow.client_conn.proxy_mode
        if not isinstance(mode, UpstreamMode):
            return
        if leaves_out(self._no_proxy, request.host, request.port):
            flow.server_conn.via = None
            return
        # One connection of a client's may bear requests to many hosts.
        flow.server_conn.via = flow.server_conn.via or (mode.scheme, mode.address)
        if self._auth and request.scheme == "http":
            request.headers["proxy-authorization"] = self._auth.decode()

    @looking
    def http_connect_upstream(self, flow: http.HTTPFlow) -> None:
        if self._auth:
            flow.request.headers["proxy-authorization"] = self._auth.decode()


addons = script(__name__)
