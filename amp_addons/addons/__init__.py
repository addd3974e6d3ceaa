"""The addons, one a file, and the list that says which there are, in the order their hooks run."""

import logging
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from mitmproxy import ctx, master

from amp_addons.addons.hub import Hub

logger = logging.getLogger(__name__)


class Spec(NamedTuple):
    """Where an addon lives, and the addons that it cannot do without."""

    home: str
    needs: tuple[str, ...] = ()


ADDONS = {
    "startup": Spec("amp_addons.addons.startup:Startup"),
    "parallel": Spec("amp_addons.addons.parallel:Parallel", ("startup",)),
    "chain": Spec("amp_addons.addons.chain:Chain", ("startup",)),
    "saving": Spec("amp_addons.addons.saving:Saving", ("startup",)),
    # Before all that reads files: it has those behind URLs.
    "remote": Spec("amp_addons.addons.remote:Remote", ("startup",)),
    "classify": Spec("amp_addons.addons.classify:Classify", ("remote",)),
    "rules": Spec("amp_addons.addons.rules:Rules", ("classify",)),
    # Before the trace: what is told, kept and recorded of an answer is what the client gets.
    "holding": Spec("amp_addons.addons.holding:Holding", ("startup",)),
    "answers": Spec("amp_addons.addons.answers:Answers", ("route", "holding")),
    "drain": Spec("amp_addons.addons.drain:Drain", ("startup",)),
    "trace": Spec("amp_addons.addons.trace:Trace", ("classify",)),
    # Before the rules act: what they do is recorded too.
    "record": Spec("amp_addons.addons.record:Record", ("tee",)),
    "route": Spec("amp_addons.addons.route:Route", ("rules", "trace")),
    "gateway": Spec("amp_addons.addons.gateway:Gateway", ("route",)),
    "tunnel": Spec("amp_addons.addons.tunnel:Tunnel", ("rules",)),
    "commands": Spec("amp_addons.addons.commands:Commands", ("rules",)),
    "sharing": Spec("amp_addons.addons.sharing:Sharing", ("classify",)),
    "tee": Spec("amp_addons.addons.tee:Tee", ("trace",)),
    # After everything that looks at messages.
    "sockets": Spec("amp_addons.addons.sockets:Sockets", ("startup",)),
    "views": Spec("amp_addons.addons.views:Views", ("tee",)),
    "events": Spec("amp_addons.addons.events:Events", ("tee",)),
    "passed": Spec("amp_addons.addons.passed:Passed", ("tee",)),
    "ledger": Spec("amp_addons.addons.ledger:Ledger", ("tee",)),
    "otlp": Spec("amp_addons.addons.otlp:Otlp", ("tee",)),
    "health": Spec("amp_addons.addons.health:Health", ("rules",)),
    "display": Spec("amp_addons.addons.display:Display", ("tee",)),
}

_FOLDER = os.path.dirname(os.path.realpath(__file__))
_hubs: WeakKeyDictionary[master.Master, Hub] = WeakKeyDictionary()


def hub_of(proxy: master.Master) -> Hub:
    """The one hub of a proxy: addons loaded by different `-s` meet there."""
    return _hubs.setdefault(proxy, Hub())


def assemble(*names: str) -> list[Any]:
    """Instances of the named addons (all of them without names) and of what they need, those left out that the proxy has already.

    Asked for by name and already there, an addon is skipped with a note, so that any combination of `-s` works.
    """
    wanted = set(_with_needs(names or ADDONS))
    loaded = {name for name in wanted if ctx.master.addons.get(f"amp.{name}")}
    for name in [n for n in names if n in loaded] or (["the suite"] if not names and loaded == wanted else []):
        logger.info("amp_addons: %s is already loaded; this second one is skipped.", name)
    hub = hub_of(ctx.master)
    return [_find(ADDONS[name].home)(hub) for name in ADDONS if name in wanted - loaded]


def script(module: str) -> list[Any]:
    """The `addons` of an addon's own file: filled when mitmproxy runs that file as a script, empty when it is imported.

    mitmproxy runs a script under a made-up module name; the classes come from the package all the same, so that an addon is
    the same one however it was loaded.
    """
    prefix, _, name = module.partition(".")
    if prefix != "__mitmproxy_script__":
        return []
    # mitmproxy puts a script's folder at the front of the path and leaves it there; our `trace` is not the standard library's.
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != _FOLDER]
    return assemble(name)


def _with_needs(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from _with_needs(ADDONS[name].needs)
        yield name


def _find(home: str) -> Any:
    module, _, name = home.partition(":")
    return getattr(import_module(module), name)
