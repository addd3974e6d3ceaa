"""HAProxy (2.4 or later) before several proxies of the suite: each client stays with one of them as long as that is healthy."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from amp_addons.admin.comment import head
from amp_addons.admin.egress import Place
from amp_addons.core.network import TimeLimits

HEALTH_PORT = 8090
"""Where the proxies tell their health, unless something else is said."""


class Backend(NamedTuple):
    """A proxy, and the port on which it tells its health."""

    place: Place
    health: int

    @classmethod
    def parse(cls, text: str, health: int = HEALTH_PORT) -> "Backend":
        """Read `HOST:PORT` or `HOST:PORT/HEALTH_PORT`. Raises ValueError: "found …, expected …"."""
        place, slash, port = text.partition("/")
        if slash and not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError(f"found {text!r}, expected HOST:PORT, perhaps with /PORT of its health")
        return cls(Place.parse(place, None), int(port) if slash else health)


def balancer(listen: Place, backends: Sequence[Backend], limits: TimeLimits, program: str) -> Iterator[str]:
    """A front end, and a back end with every proxy."""
    yield from head("#", _notes(program))
    if any(place.address is None for place, _ in backends):
        yield from _RESOLVERS.splitlines()
    yield from _DEFAULTS.format(connect=limits.connect, longest=limits.longest).splitlines()
    yield "frontend amp_proxies from amp_proxies"
    yield f"    bind {listen}"
    yield "    default_backend amp_proxies"
    yield from _BACKEND.splitlines()
    for number, (place, health) in enumerate(backends, 1):
        lookup = "" if place.address else " resolvers amp_proxies init-addr last,libc,none"
        yield f"    server amp_{number} {place} check port {health}{lookup}"


def _notes(program: str) -> tuple[str, ...]:
    return (
        f"Several proxies as one, by {program}. Belongs beside the other sections of haproxy.cfg.",
        "Each proxy is started with the same rule files and AMP_ADDONS_KEY, a certificate authority that the clients trust, "
        "--set amp_health=ADDRESS:PORT, for the check below, and --set amp_drain=SECONDS: then SIGTERM lets its streams finish, "
        "while new connections go to the others. GET /health tells its version and a digest of its rules.",
        "TCP is passed on as it is: TLS to the proxy, CONNECT and streams. The proxies see this balancer's address in place of the "
        "client's (the PROXY protocol is not spoken): --set amp_gateway=on refuses rules that ask for it.",
        "A client stays with its proxy by its address. When that proxy is not healthy its clients go to the others, the other clients "
        "stay where they are, and no connection that is open is closed: it ends with its stream.",
    )


_RESOLVERS = """\
resolvers amp_proxies
    parse-resolv-conf
"""

_DEFAULTS = """\
defaults amp_proxies
    mode tcp
    # A refused connection goes to the next proxy at once; nothing was sent on it.
    retries 3
    option redispatch 1
    timeout connect {connect}s
    # Between two pieces of a stream, or two messages of a WebSocket. Who leaves or is gone is noticed by TCP.
    timeout client {longest}s
    timeout server {longest}s
    timeout check 2s
    option clitcpka
    option srvtcpka
"""

_BACKEND = """\
backend amp_proxies from amp_proxies
    balance source
    hash-type consistent
    option httpchk GET /health
    http-check expect status 200
    # No on-marked-down: a proxy that drains has streams to finish.
    default-server inter 500ms fall 2 rise 1
"""
