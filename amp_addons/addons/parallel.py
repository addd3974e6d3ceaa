"""Lets the streams of one HTTP/2 client run beside each other, also before a server that speaks HTTP/1."""

import logging

from mitmproxy.connection import Client

from amp_addons.addons import script
from amp_addons.addons.connections import allow_connections
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub

MOST = 100
"""Connections of one client to one address. Each stream of an HTTP/2 client needs one of its own before a server that speaks HTTP/1, and a
client may have 100 streams open at a time (what mitmproxy's settings frame says, and what RFC 9113, 6.5.2, recommends at least): so no
stream ever waits for another. mitmproxy's own limit of 5 lets the sixth wait until one of the first has ended
(https://github.com/mitmproxy/mitmproxy/issues/8322), minutes where they are answers of models. A client that speaks HTTP/1 has a connection
for each request anyway, and needs no limit here."""

logger = logging.getLogger(__name__)


class Parallel:
    name = "amp.parallel"

    def __init__(self, hub: Hub) -> None:
        self._said = False

    @looking
    def client_connected(self, client: Client) -> None:
        if not allow_connections(client, MOST) and not self._said:
            self._said = True
            logger.warning("amp_addons: this mitmproxy counts connections in its own way: HTTP/2 clients may have to wait for each other.")


addons = script(__name__)
