"""All checks, each group as soon as it can: those that wait run at the same time, and none keeps another from its findings."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import release
from shutil import which
from ssl import SSLContext
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from amp_addons.core.target import LOOPBACK
from amp_addons.doctor import authority, client, environment, log, network, settings, versions
from amp_addons.doctor.environment import Shell
from amp_addons.doctor.finding import Finding, attempted, broken, failure, skipped, warning
from amp_addons.doctor.lend import Lent, Wanted, lent
from amp_addons.doctor.port import Authority, Listener, listener
from amp_addons.doctor.wire import Way
from amp_addons.inthread import in_thread
from amp_addons.launch import authority as ca
from amp_addons.launch.beside import NotStarted
from amp_addons.launch.environment import EXTRA_CA, PROXY, UnusableProxy, chained
from amp_addons.launch.noproxy import host_and_port
from amp_addons.launch.plan import hosts_of
from amp_addons.launch.trust import Unreadable, system_roots

LIMIT = 16.0
"""Seconds for everything; with the start and the end of the program it is under twenty."""


class Asked(NamedTuple):
    """What is examined. `place` is the folder of the certificate authority, `folder` the current one."""

    environ: Mapping[str, str]
    home: Path
    folder: Path
    place: Path
    port: int
    amp_url: str
    catalogs: Sequence[str] = ()
    rules: Sequence[str] = ()
    all_hosts: bool = False
    offline: bool = False


class Group(NamedTuple):
    title: str
    findings: list[Finding]


def port_of(environ: Mapping[str, str], amp_url: str) -> int:
    """The port that this shell leads to on this machine, else the one that `run` takes."""
    for value in (amp_url if amp_url.lower().startswith("http://") else "", *(environ.get(name, "") for name in PROXY[:2])):
        found = host_and_port(f"http://{value.rpartition('://')[2].rpartition('@')[2]}") if value else None
        if found is not None and found[0] in LOOPBACK:
            return found[1]
    return 8080


async def examine(asked: Asked) -> AsyncIterator[Group]:
    """The groups, in the order in which they are read."""
    found = Examination(asked)
    groups: list[tuple[str, Callable[[], Awaitable[list[Finding]]]]] = [
        ("This program", found.program),
        ("The certificate authority", found.authority),
        ("The proxy", found.proxy),
        ("This shell", found.shell),
        ("The client", found.client),
        ("The rules", found.rules),
        ("The way to the service", found.way),
    ]
    tasks = [(title, asyncio.create_task(_bounded(title, check))) for title, check in groups]
    try:
        for title, task in tasks:
            yield Group(title, await task)
    finally:
        for _, task in tasks:
            task.cancel()


async def _bounded(title: str, check: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    id = title.lower().replace(" ", "-")
    try:
        async with asyncio.timeout(LIMIT):
            return await check()
    except TimeoutError:
        return [
            warning(
                id, f"{title.lower()}: this took more than {LIMIT:.0f} s and was given up", "Try again when the machine has less to do."
            )
        ]
    except Exception as error:
        return [broken(id, error)]


class Examination:
    """One of each, as `listening` is asked for by several."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._goals = network.goals(asked.amp_url)
        self._listening: asyncio.Task[Listener] | None = None

    async def program(self) -> list[Finding]:
        asked = self.asked
        found = which("mitmdump", path=asked.environ.get("PATH"))
        own = Path(sys.executable).parent
        inputs = (tuple(sys.version_info), _installed("mitmproxy"), Path(found) if found else None, own)
        return [
            *attempted("versions", versions.versions, *inputs),
            *attempted("platform", versions.platform, sys.platform, release(), asked.environ),
        ]

    async def authority(self) -> list[Finding]:
        return await in_thread(attempted, "ca", authority.authority, self.asked.place, self._vouched())

    async def proxy(self) -> list[Finding]:
        return [(await self._listener()).finding]

    async def shell(self) -> list[Finding]:
        found = (await self._listener()).authority
        own = found.certificate if found else _loaded(self.asked.place)
        return attempted("env", environment.environment, self._shell()._replace(own=[own] if own else []), system_roots())

    async def client(self) -> list[Finding]:
        asked, shell = self.asked, self._shell()
        program = in_thread(attempted, "client", client.client, asked.environ, shell.proxied, shell.reverse)
        rest = in_thread(self._files)
        told, read = await asyncio.gather(program, rest)
        return [*told, *read]

    async def rules(self) -> list[Finding]:
        from amp_addons.doctor.rules import rules  # slow to import

        return await in_thread(attempted, "rules", rules, self.asked.rules, self.asked.catalogs, self.asked.amp_url)

    async def way(self) -> list[Finding]:
        found, shell = await self._listener(), self._shell()
        if shell.reverse and found.kind != "free":
            return await self._through_reverse()
        if found.kind == "proxy" and found.authority is not None:
            files = [Path(os.path.expanduser(self.asked.environ[EXTRA_CA]))] if shell.proxied and self.asked.environ.get(EXTRA_CA) else []
            context = await in_thread(network.trusting, files)
            if not shell.proxied:
                context.load_verify_locations(cadata=found.authority.certificate.public_bytes(Encoding.DER))
            return await self._through(Way(self.asked.port, self._auth()), context)
        try:
            async with lent(self._wanted()) as proxy:
                return [self._own(proxy), *await self._through(Way(proxy.port), await in_thread(network.trusting, [proxy.certificate]))]
        except (UnusableProxy, Unreadable) as error:
            return [failure("way", f"the proxy does not start: {error}", "Mend that variable, then try again.")]
        except NotStarted as error:
            said = " ".join(str(error).split())[-300:]
            return [failure("way", f"the proxy does not start: {said}", "`amp-addons run` says more.")]

    async def _through(self, way: Way, context: SSLContext) -> list[Finding]:
        from amp_addons.doctor import passage  # slow to import: the first findings do not wait for it
        from amp_addons.sim.server import SimulatedAmp

        reached = [self._reached(way, goal, context) for goal in self._goals]
        async with SimulatedAmp() as sim:
            return list(await asyncio.gather(*reached, passage.stream(way, sim), passage.upgrade(way, sim)))

    async def _reached(self, way: Way, goal: network.Goal, context: SSLContext) -> Finding:
        if self.asked.offline:
            return skipped(goal.id, f"{goal.host} was not asked (--offline)")
        found = await network.reach(way, goal, context)
        if goal.id == "reach.openrouter" and found.state == "failure" and not settings.openrouter_key(self._settings(), self.asked.environ):
            return warning(found.id, f"{found.text} (its models need a key, which is not there)", found.remedy or "")
        return found

    async def _through_reverse(self) -> list[Finding]:
        goal = self._goals[0]
        reached = skipped(goal.id, "amp.url was not asked (--offline)")
        if not self.asked.offline:
            reached = await network.reach_listener(Way(self.asked.port), goal)
        return [reached, skipped("stream", "streams and WebSockets are not tried: a reverse listener leads to the service alone")]

    def _own(self, proxy: Lent) -> Finding:
        return skipped(
            "way",
            f"no proxy of ours runs on port {self.asked.port}: one was started for the checks below, on port {proxy.port}, and is gone",
        )

    def _settings(self) -> list[Path]:
        return settings.places(self.asked.environ, self.asked.home, self.asked.folder, sys.platform)

    def _files(self) -> list[Finding]:
        asked = self.asked
        return [
            *attempted("settings", settings.settings, self._settings(), asked.environ, asked.amp_url, asked.port),
            *attempted("log", log.log, log.place(asked.environ, asked.home)),
        ]

    def _shell(self) -> Shell:
        hosts = [(goal.host, goal.port) for goal in self._goals]
        return Shell(self.asked.environ, self.asked.port, self.asked.amp_url, hosts)

    def _listener(self) -> Awaitable[Listener]:
        if self._listening is None:
            self._listening = asyncio.create_task(listener(self._shell(), Way(self.asked.port, self._auth()), self._known()))
        return asyncio.shield(self._listening)

    def _known(self) -> list[Authority]:
        """The authorities that a proxy here may use, the suite's first."""
        other = "ca" if self.asked.all_hosts else "ca-all-hosts"
        places = [
            ("amp-addons", self.asked.place),
            ("amp-addons, another of its authorities", self.asked.place.parent / other),
            ("mitmproxy's own certificate authority", self.asked.home / ".mitmproxy"),
        ]
        return [Authority(name, found) for name, place in places if (found := _loaded(place))]

    def _auth(self) -> str | None:
        """What the port may ask for, where this shell has it."""
        from base64 import b64encode

        for name in PROXY[:2]:
            if environment.is_ours(self.asked.environ.get(name, ""), self.asked.port):
                found = chained({"HTTPS_PROXY": self.asked.environ[name]})
                return "Basic " + b64encode(found.auth.encode()).decode() if found and found.auth else None
        return None

    def _vouched(self) -> list[str] | None:
        """The hosts that the proxy's authority is to vouch for; None: any."""
        if self.asked.all_hosts:
            return None
        return list(dict.fromkeys(host for host, _ in hosts_of(self.asked.amp_url, self.asked.catalogs)))

    def _wanted(self) -> Wanted:
        environ = {
            name: value
            for name, value in self.asked.environ.items()
            if not (name.lower().endswith("_proxy") and environment.is_ours(value, self.asked.port))
        }
        return Wanted(environ, self.asked.place, self._vouched(), self.asked.amp_url, self.asked.catalogs, self.asked.rules)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _loaded(place: Path) -> x509.Certificate | None:
    try:
        return ca.load(place)
    except (OSError, ValueError):
        return None
