"""What is checked before the first flow: unknown `amp_*` options, and settings of mitmproxy that would defeat the suite."""

import asyncio
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import addonmanager, ctx, exceptions
from mitmproxy.tools.dump import DumpMaster

from amp_addons.addons.hub import Hub
from amp_addons.core.target import LOOPBACK
from amp_addons.core.text import did_you_mean
from amp_addons.rulefiles.detectors import deepen_scrubbing

logger = logging.getLogger(__name__)

# mitmproxy's options that change, hide or weaken what the suite is to see (THREATS 14), and what each does.
_DEFEATING = {
    "stream_large_bodies": "replaces the suite's stream of large answers: they pass unseen",
    "body_size_limit": "cuts off larger bodies with an error",
    "ignore_hosts": "passes hosts through without looking at them",
    "allow_hosts": "passes all other hosts through without looking at them",
    "ssl_insecure": "accepts any certificate of an upstream",
    "anticache": "removes headers from requests",
    "anticomp": "changes the Accept-Encoding of requests",
    "stickyauth": "repeats Authorization headers on other requests",
    "stickycookie": "repeats cookies on other requests",
    "modify_headers": "changes headers",
    "modify_body": "changes bodies, and does not reach streamed ones",
    "map_remote": "sends requests elsewhere, credentials included",
    "map_local": "answers requests from files",
    "proxy_debug": "logs every byte, credentials included",
}
_RESTART = 0.2
"""Seconds between closing the servers and opening them anew."""

_SETS_STREAM = re.compile(r"\.stream\s*=[^=]")


class Refusal:
    """How a bad option is turned down (DESIGN promise 6)."""

    running = False
    refused = False

    def __call__(self, sentence: str) -> None:
        """At start: log it as an error, on which mitmproxy exits with status 1. Later: OptionsError, and the old value stays.

        A script's OptionsError at start would be printed as a traceback.
        """
        if self.running:
            raise exceptions.OptionsError(sentence)
        self.refused = True
        logger.error("amp_addons: %s", sentence)


refuse = Refusal()


def is_choice(option: str, found: str, choices: Sequence[str]) -> bool:
    """Whether an option's value is one of `choices`; refused when it is none."""
    if found not in choices:
        refuse(f"option {option}: found {found!r}, expected one of {', '.join(choices)}.{did_you_mean(found, choices)}")
    return found in choices


class Startup:
    name = "amp.startup"

    def __init__(self, hub: Hub) -> None:
        refuse.running = refuse.refused = False
        self._key_problem = hub.key_problem

    def load(self, loader: addonmanager.Loader) -> None:
        if self._key_problem:
            refuse(f"{self._key_problem}.")
        deepen_scrubbing()
        # Eager connections dial the original host before any hook runs: a host that is down would fail a flow that never needed it.
        self._prefer("connection_strategy", "lazy")
        # Who passes a proxy that decrypts to the network should have said so.
        self._prefer("listen_host", "127.0.0.1")
        if not isinstance(ctx.master, DumpMaster):
            # In mitmweb and the console people look at bodies afterwards; streamed ones are kept only on request.
            self._prefer("store_streamed_bodies", True)

    def running(self) -> None:
        known = [name for name in ctx.options.keys() if name.startswith("amp_")]
        for name in ctx.options.deferred:
            if name.startswith("amp_"):
                refuse(f"unknown option {name!r}.{did_you_mean(name, known)} Known: {', '.join(sorted(known))}.")
        for warning in self._warnings():
            logger.warning("amp_addons: %s", warning)
        self._mind_listeners()
        refuse.running = True

    def done(self) -> None:
        refuse.running = refuse.refused = False

    @staticmethod
    def _prefer(option: str, value: object) -> None:
        """Set a default of ours; what the user chose wins."""
        if option in ctx.options and not ctx.options.has_changed(option):
            ctx.options.update(**{option: value})

    @staticmethod
    def _mind_listeners() -> None:
        """mitmproxy may listen before it has loaded a script: what listens on all addresses then does so no longer.

        Where the package is installed, `boot` has seen to it before.
        """
        servers = getattr(ctx.master.addons.get("proxyserver"), "servers", ())
        hosts = {address[0] for server in servers for address in server.listen_addrs}
        if ctx.options.listen_host in LOOPBACK and hosts.difference(LOOPBACK):
            logger.warning("amp_addons: mitmproxy listened on all addresses; from now on it listens on %s.", ctx.options.listen_host)
            ctx.options.update(server=False)
            asyncio.get_running_loop().call_later(_RESTART, lambda: ctx.options.update(server=True))

    @staticmethod
    def _warnings() -> list[str]:
        found = [
            f"mitmproxy's option {name} is set: it {effect}."
            for name, effect in _DEFEATING.items()
            if name in ctx.options and ctx.options.has_changed(name) and getattr(ctx.options, name)
        ]
        for script in ctx.options.scripts:
            path = Path(script).expanduser()
            if path.is_file() and not path.resolve().is_relative_to(Path(__file__).resolve().parents[1]) and _sets_stream(path):
                found.append(f"the script {script} sets .stream itself: streams that it takes are not seen by the suite.")
        return found


def _sets_stream(path: Path) -> bool:
    try:
        return _SETS_STREAM.search(path.read_text("utf-8", "replace")) is not None
    except OSError:
        return False
