"""What the reverse proxies (nginx, HAProxy, Envoy) have in common: which Host header leads to which host, and what they are good for."""

from typing import NamedTuple

from amp_addons.admin.egress import Egress, Host, Place


class Listener(NamedTuple):
    """Where it listens, and the file of the certificate authorities by which it checks the hosts behind it."""

    place: Place
    ca_file: str


class Target(NamedTuple):
    """A host, and the Host headers with which requests for it come."""

    host: Host
    headers: tuple[str, ...]


def targets(egress: Egress, listener: Listener) -> tuple[Target, ...]:
    """Every host under its own name, and amp.url's under the listener's too. No header leads to two hosts: the first has it."""
    port = listener.place.port
    own = {f"{listener.place.host}:{port}", f"localhost:{port}"} if listener.place.address else {str(listener.place)}
    taken: set[str] = set()
    found = []
    for host in egress.hosts:
        headers = tuple(header for header in host.headers if header not in taken)
        taken.update(headers)
        found.append(Target(host, headers))
    if egress.hosts:
        found[0] = Target(found[0].host, (*found[0].headers, *sorted(own - taken)))
    return tuple(found)


def notes(egress: Egress, listener: Listener) -> tuple[str, ...]:
    """What to say of any of them."""
    _, mark, rest = egress.amp_url.partition("://")
    path = rest.partition("/")[2] if mark else ""
    url = f"http://{listener.place}" + (f"/{path}" if path else "")
    return (
        "A reverse proxy, which answers 403 for every host that is not listed. It takes no CONNECT: it serves clients that are told "
        f"AMP_URL={url}, and those whose requests for the other names are led here.",
        "It speaks plain HTTP, credentials included: keep it on loopback, or give it a certificate.",
    )
