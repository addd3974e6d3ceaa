"""A proxy for the checks where none runs: started beside them with what `amp-addons run` would use, and gone with them.

It leaves nothing behind: where there is no certificate authority yet, it gets one in a folder that is removed.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from amp_addons.core.target import LOOPBACK
from amp_addons.inthread import in_thread
from amp_addons.launch import authority
from amp_addons.launch.beside import Beside, NotStarted, Orders
from amp_addons.launch.environment import Chained, chained, configured_cas
from amp_addons.launch.plan import Plan
from amp_addons.launch.trust import write_bundle

START_WITHIN = 10.0
"""Seconds that the proxy may take to listen; the checks through it then have as long as they need."""

END_WITHIN = 2.0


class Wanted(NamedTuple):
    """`hosts` are all that the authority has to vouch for; None: any."""

    environ: Mapping[str, str]
    place: Path
    hosts: Collection[str] | None
    amp_url: str
    catalogs: Sequence[str]
    rules: Sequence[str]


class Lent(NamedTuple):
    port: int
    certificate: Path


@asynccontextmanager
async def lent(wanted: Wanted) -> AsyncIterator[Lent]:
    """Raises NotStarted, OSError, trust.Unreadable, environment.UnusableProxy."""
    with tempfile.TemporaryDirectory(prefix="amp-addons-doctor-", ignore_cleanup_errors=True) as folder:
        upstream = chained(wanted.environ)
        if upstream is not None:  # it is to reach the server on this machine by itself
            upstream = upstream._replace(no_proxy=",".join(filter(None, [upstream.no_proxy, *LOOPBACK])))
        plan = _plan(wanted, Path(folder), upstream)
        options = plan.options(port=0, reverse=False, all_hosts=wanted.hosts is None)
        options |= {"amp_ledger": "off", "amp_display": "off", "amp_rules": list(wanted.rules), "amp_catalog": list(wanted.catalogs)}
        beside = Beside(Orders(options), Path(folder) / "log", plan.upstream)
        try:
            async with asyncio.timeout(START_WITHIN):
                await in_thread(beside.__enter__)
        except TimeoutError:
            raise NotStarted(f"it did not listen within {START_WITHIN:.0f} s") from None
        try:
            yield Lent(beside.ready.ports[0], authority.certificate(plan.place))
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(END_WITHIN):  # else it ends with this program: its standard input does
                    await in_thread(beside.__exit__)


def _plan(wanted: Wanted, folder: Path, upstream: Chained | None) -> Plan:
    place = wanted.place
    if authority.why_not(place, wanted.hosts) is not None:
        place = folder / "ca"
        authority.ensure(place, wanted.hosts)
    bundle = folder / "upstream.pem"
    write_bundle(bundle, [(name, Path(file).expanduser()) for name, file in configured_cas(wanted.environ)])
    return Plan(wanted.amp_url, (), upstream, place, bundle, bundle, bundle, place != wanted.place)
