"""A proxy for the checks where none runs: started beside them with what `amp-addons run` would use, and gone with them.

It leaves nothing behind: where there is no certificate authority yet, it gets one in a folder that is removed.
"""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from amp_addons.core.target import LOOPBACK
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


async def in_thread[T](function: Callable[..., T], *inputs: Any) -> T:
    """What a function that waits returns. Its thread is left behind when this is cancelled, and does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            set_it(value)

    def work() -> None:
        try:
            found = function(*inputs)
        except Exception as error:
            outcome: tuple[Callable[[Any], None], Any] = (future.set_exception, error)
        else:
            outcome = (future.set_result, found)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, daemon=True).start()
    return await future
