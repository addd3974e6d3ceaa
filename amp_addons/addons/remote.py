"""Asks for the rule files and catalogs behind URLs again and again, and puts a newer one in force when it can be used with all the rest.

A server that is down, slow or wrong changes nothing: what is in force stays, which is shown, and said once in a while.
"""

import asyncio
import contextlib
import logging
import os
import random
import ssl
from collections.abc import Sequence
from pathlib import Path

import certifi
from mitmproxy import addonmanager, ctx
from mitmproxy.proxy.mode_specs import ProxyMode, UpstreamMode

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.core.rules.url import Origin
from amp_addons.core.signature import Kind, PublicKey, parse_key
from amp_addons.core.target import LOOPBACK
from amp_addons.inthread import in_thread
from amp_addons.launch.environment import UPSTREAM_AUTH, UPSTREAM_NO_PROXY, Chained, UnusableProxy, chained
from amp_addons.launch.noproxy import leaves_out
from amp_addons.launch.trust import system_roots
from amp_addons.rulefiles.remote.asking import CannotFetch
from amp_addons.rulefiles.remote.fetch import Through, Way, fetch
from amp_addons.rulefiles.remote.remotes import Looked, Remotes, remote_folder

POLL = 60
"""Seconds between two looks at a URL, where `amp_poll` says nothing else: a change is everywhere within a minute."""
SLOWEST = 900.0
"""Seconds between two looks at a server that gives no file; it begins with the usual ones and doubles them."""
JITTER = 0.1
"""Proxies that were started at once do not ask at once."""
REMIND = 900.0
"""Seconds after which it is said again that a server does not answer as it should."""
_LOOK_ROUND = 1.0
"""Seconds after which it is seen that there is another URL."""
MAX_KEYS = 100
"""Public keys in all files of `amp_trust`."""

logger = logging.getLogger(__name__)


class Remote:
    name = "amp.remote"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._bundle: str | None = None
        self._upstream: Chained | None = None
        self._ports: frozenset[int] = frozenset()
        self._interval = float(POLL)
        self._poller: asyncio.Task[None] | None = None
        self._now = asyncio.Event()
        self._due: dict[tuple[Kind, str], float] = {}
        self._failures: dict[tuple[Kind, str], int] = {}
        self._said: dict[tuple[Kind, str], tuple[str, float]] = {}
        way = Way(self._context, self._through)
        hub.remotes = Remotes(remote_folder(), lambda _kind, url, etag: fetch(url, etag, way), self._tell)
        hub.look_now = self._look_now

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_trust", Sequence[str], [], "Public keys (ed25519:…), or files with such, that sign rules and catalogs by URL."
        )
        loader.add_option("amp_poll", str, str(POLL), "Seconds between two looks at rules and catalogs by URL.")

    def configure(self, updated: set[str]) -> None:
        if "amp_poll" in updated:
            text = ctx.options.amp_poll
            if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 86_400):
                return refuse(f"option amp_poll: found {text[:20]!r}, expected a number of seconds from 1 to 86400.")
            self._interval = float(text)
        if "amp_trust" in updated:
            try:
                self._hub.remotes.trust = trusted(ctx.options.amp_trust)
            except (OSError, ValueError) as error:
                return refuse(f"option amp_trust: {error}")
        self._bundle = getattr(ctx.options, "ssl_verify_upstream_trusted_ca", None)
        if "mode" in ctx.options:
            modes = [ProxyMode.parse(mode) for mode in ctx.options.mode]
            given = ctx.options.listen_port
            self._ports = frozenset(port for mode in modes if (port := mode.listen_port(given)))
            self._upstream = next((_chained(mode) for mode in modes if isinstance(mode, UpstreamMode)), None)

    @looking
    def running(self) -> None:
        self._poller = asyncio.get_running_loop().create_task(self._poll())

    @looking
    def done(self) -> None:
        if self._poller is not None:
            self._poller.cancel()

    # --- the way

    def _context(self) -> ssl.SSLContext:
        """What the proxy trusts upstream, whatever mitmproxy's ssl_insecure says."""
        context = ssl.create_default_context(cafile=certifi.where())
        for path in (*system_roots(), *([Path(self._bundle).expanduser()] if self._bundle else [])):
            context.load_verify_locations(path)
        return context

    def _through(self, origin: Origin) -> Through | None:
        """The company's proxy, as for the traffic; never this proxy itself, which a shell may have in its environment."""
        try:
            found = self._upstream or chained(os.environ)
        except UnusableProxy as error:
            raise CannotFetch(str(error)) from None
        if found is None or origin.host in LOOPBACK or leaves_out(found.no_proxy, origin.host, origin.port):
            return None
        if found.host in LOOPBACK and found.port in self._ports:
            return None
        if found.scheme != "http":
            raise CannotFetch("the proxy on the way is reached over https, which is not supported here")
        return Through(found.host, found.port, found.auth)

    # --- asking

    def _look_now(self) -> tuple[str, ...]:
        """Ask all servers now. -> their URLs"""
        self._now.set()
        return tuple(url for _, url in self._hub.remotes.urls)

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            asked = self._now.is_set()
            self._now.clear()
            for key in self._hub.remotes.urls:
                # One that is new has just been asked for, or has a copy: it has time.
                due = self._due.setdefault(key, loop.time() + self._pause(key))
                if asked or due <= loop.time():
                    await self._look(key)
                    self._due[key] = loop.time() + self._pause(key)
            for key in self._due.keys() - set(self._hub.remotes.urls):
                del self._due[key]
                self._failures.pop(key, None)
                self._fine(key)
            wait = min([*self._due.values(), loop.time() + _LOOK_ROUND]) - loop.time()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), max(0.01, wait))

    def _pause(self, key: tuple[Kind, str]) -> float:
        failures = min(self._failures.get(key, 0), 20)
        pause: float = min(self._interval * 2**failures, max(SLOWEST, self._interval))
        return pause * random.uniform(1 - JITTER, 1 + JITTER)

    async def _look(self, key: tuple[Kind, str]) -> None:
        try:
            looked = await in_thread(self._hub.remotes.look, *key)
        except Exception as error:
            looked = Looked(problem=f"looking failed with {type(error).__name__}", failed=True)
        problem = looked.problem
        try:
            if looked.offered and (refused := await self._put_in_force()):
                problem = f"it cannot be used: {refused}"
        except Exception as error:  # the next one is to be asked all the same
            problem = f"it cannot be used: reading it failed with {type(error).__name__}"
        self._failures[key] = self._failures.get(key, 0) + 1 if looked.failed else 0
        if problem is None:
            self._fine(key)
        else:
            self._wrong(key, problem)

    async def _put_in_force(self) -> str | None:
        """Read everything with what is offered. -> why it cannot be used; then nothing has changed"""
        hub = self._hub
        async with hub.reading:
            try:
                catalog, rules = await asyncio.to_thread(hub.read_all)
            except (OSError, ValueError) as error:
                for kind in ("catalog", "rules"):
                    hub.remotes.settle(kind, False)
                return str(error)
            hub.use_all(catalog, rules)
            hub.notices.pop("rules", None)
        logger.info("amp_addons: the changed files by URL are in force.")
        return None

    # --- telling

    def _wrong(self, key: tuple[Kind, str], problem: str) -> None:
        kind, url = key
        now = asyncio.get_running_loop().time()
        before, when = self._said.get(key, ("", 0.0))
        self._hub.notices[f"remote {kind} {url}"] = f"{url} gives no newer {kind}: those before are in force"
        if problem != before or now - when > REMIND:
            self._said[key] = problem, now
            logger.warning("amp_addons: the %s by URL stay as they are; %s: %s", kind, url, problem)

    def _fine(self, key: tuple[Kind, str]) -> None:
        kind, url = key
        self._hub.notices.pop(f"remote {kind} {url}", None)
        if self._said.pop(key, None):
            logger.info("amp_addons: %s can be had again.", url)

    @staticmethod
    def _tell(sentence: str) -> None:
        logger.warning("amp_addons: %s.", sentence)


def trusted(given: Sequence[str]) -> tuple[PublicKey, ...]:
    """The public keys that are given, or are in files that are: one a line, after which anything may follow. Raises ValueError, OSError."""
    found: dict[PublicKey, None] = {}
    for text in given:
        for line in [text] if text.startswith("ed25519:") else _lines(text):
            try:
                found[parse_key(line)] = None
            except ValueError as error:
                raise ValueError(f"found something else, expected {error}, or a file with such keys, one a line") from None
    if len(found) > MAX_KEYS:
        raise ValueError(f"found {len(found)} keys, expected {MAX_KEYS} at most")
    return tuple(found)


def _lines(path: str) -> list[str]:
    with open(Path(path).expanduser(), encoding="utf-8", errors="replace") as file:
        text = file.read(65536)
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [words[0] for words in lines if words]


def _chained(mode: UpstreamMode) -> Chained:
    host, port = mode.address
    return Chained(mode.scheme, host, port, os.environ.get(UPSTREAM_AUTH) or None, os.environ.get(UPSTREAM_NO_PROXY, ""))


addons = script(__name__)
