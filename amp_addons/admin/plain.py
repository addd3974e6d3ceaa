"""A plain list: `host:port` a line."""

from collections.abc import Iterator

from amp_addons.admin.comment import about, comment, head, heading
from amp_addons.admin.egress import Egress


def plain(egress: Egress) -> Iterator[str]:
    yield from head("#", heading(egress))
    for host in egress.hosts:
        yield from comment("#", about(host))
        yield str(host.place)
