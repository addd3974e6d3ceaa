"""Access lists for HAProxy (2.4 or later), and a front end that uses them."""

from collections.abc import Iterator

from amp_addons.admin.comment import about, head, heading
from amp_addons.admin.egress import Egress, Host
from amp_addons.admin.reverse import Listener, notes, targets

_NOTES = ("Belongs beside the other sections of haproxy.cfg. Without http-no-delay HAProxy collects pieces of answers for up to 200 ms.",)


def haproxy(egress: Egress, listener: Listener) -> Iterator[str]:
    """Two lists of Host headers, `amp_required` and `amp_optional`, and a back end for each host."""
    limits = egress.timeouts
    yield from head("#", heading(egress, *_NOTES, *notes(egress, listener)))
    answer = max(limits.first_byte, limits.idle)
    yield from _DEFAULTS.format(connect=limits.connect, answer=answer, tunnel=limits.websocket).splitlines()
    yield "frontend amp from amp"
    yield f"    bind {listener.place}"
    found = targets(egress, listener)
    for number, (host, headers) in enumerate(found, 1):
        yield from head("#", [about(host)], "    ")
        for name in (f"amp_{host.need}", f"amp_host_{number}"):
            yield f"    acl {name} req.hdr(host) -m str -i {' '.join(headers)}"
    allowed = " ".join(f"!amp_{need}" for need in ("required", "optional") if any(host.need == need for host, _ in found))
    yield f"    http-request deny deny_status 403 if {allowed}"
    yield from (f"    use_backend amp_host_{number} if amp_host_{number}" for number in range(1, len(found) + 1))
    for number, (host, _) in enumerate(found, 1):
        yield f"backend amp_host_{number} from amp"
        yield f"    http-request set-header Host {host.authority}"
        yield f"    server amp {host.place} {_way(host, listener.ca_file)}".rstrip()


def _way(host: Host, ca_file: str) -> str:
    name = host.place.name
    if host.place.address:
        return f"ssl verify required ca-file {ca_file} verifyhost {name}" if host.scheme == "https" else ""
    lookup = "resolvers amp init-addr none"
    return f"ssl verify required ca-file {ca_file} sni str({name}) verifyhost {name} {lookup}" if host.scheme == "https" else lookup


_DEFAULTS = """\
resolvers amp
    parse-resolv-conf
defaults amp
    mode http
    no option http-buffer-request
    option http-no-delay
    timeout connect {connect}s
    timeout http-request 60s
    timeout client {answer}s
    timeout server {answer}s
    timeout tunnel {tunnel}s
"""
