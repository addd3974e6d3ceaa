"""Where the addons of one proxy meet: the traces of the flows under way, the consumers of their events, and the pump."""

import logging
import os
from asyncio import Lock
from collections.abc import Callable, Sequence
from secrets import token_bytes
from typing import Protocol
from weakref import WeakKeyDictionary

from mitmproxy import http

from amp_addons.addons.pump import Pump
from amp_addons.addons.sent import Held, Sent
from amp_addons.core.answers.transform import Transform
from amp_addons.core.arrivals import Arrivals
from amp_addons.core.classify import Classification
from amp_addons.core.events import Event
from amp_addons.core.exchange import Exchange
from amp_addons.core.redact.vault import Vault
from amp_addons.core.trace import FlowTrace
from amp_addons.core.watch import Mask
from amp_addons.prices import Prices, kept_prices
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.remote.remotes import Remotes
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.sharedkey import shared_key

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """A consumer of events, such as the events file or the display.

    `publish` is called on the event loop and must return at once. `wants_each_event` asks for a `stream.event` for every
    server-sent event; without it only tallies are kept.
    """

    wants_each_event: bool

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None: ...


class Hub:
    """One a proxy. A sink that fails is turned off, which is said once; the others go on."""

    classify: Callable[[http.HTTPFlow], Classification]
    """How a flow is classified: set by the addon `classify`."""

    knows: Callable[[str], bool]
    """Whether a host, as `core.target.host_key` writes it, is one of the catalogs or amp.url's: set by the addon `classify`."""

    rules: RuleSet
    """The rules in force: set by the addon `rules`."""

    remotes: Remotes
    """The signed files behind URLs: set by the addon `remote`."""

    look_now: Callable[[], tuple[str, ...]]
    """Has the servers of such files asked now, and says which: set by the addon `remote`."""

    def __init__(self) -> None:
        self.traces: dict[str, FlowTrace] = {}
        self.pump = Pump()
        self.prices = Prices(kept_prices())
        self.mask: Mask | None = None
        """Where events are to have what they say: what masks secrets in it."""
        self.key_problem = ""
        """Why the key that is given cannot be used: then the proxy does not start."""
        try:
            found = shared_key(os.environ)
        except ValueError as error:
            self.key_problem, found = str(error), None
        self.key = found or token_bytes(32)
        """What placeholders, hashes and choices by chance are made with: as long as the proxy runs, or that of several proxies."""
        self.vault = Vault(self.key)
        self.catalog = Catalog.load()
        """The catalog in force: set by the addon `classify`."""
        self.rules = RuleSet()
        self.reading = Lock()
        """Held by who reads rules or catalogs anew and puts them in force."""
        self.read_catalog: Callable[[], Catalog] | None = None
        self.use_catalog: Callable[[Catalog], None] | None = None
        self.read_rules: Callable[[Catalog], RuleSet] | None = None
        self.use_rules: Callable[[RuleSet], None] | None = None
        """How both are read, which changes nothing, and put in force: set by the addons `classify` and `rules`."""
        self.sent: dict[str, Sent] = {}
        """What rules made of the requests under way, by flow."""
        self.transforms: dict[str, Transform] = {}
        """What changes an answer on its way to the client, by flow: put here before the addon `tee` takes the stream."""
        self.held: dict[str, Held] = {}
        """The answers that are held until they are whole, by flow: they do not stream."""
        self.asked: WeakKeyDictionary[http.HTTPFlow, Exchange] = WeakKeyDictionary()
        """The requests that rules have matched, as clients sent them."""
        self.arrivals: WeakKeyDictionary[http.HTTPFlow, Arrivals] = WeakKeyDictionary()
        """When the pieces of answers came, of flows whose answers mitmproxy keeps for people to look at."""
        self.notices: dict[str, str] = {}
        """What is wrong for the time being, by who says so: shown as long as it is there."""
        self.draining = False
        """Whether the proxy takes no new connections any more and ends when the flows under way have ended."""
        self._sinks: tuple[Sink, ...] = ()  # replaced, never changed: `publish` may go over an older one

    def attach(self, sink: Sink) -> None:
        if sink not in self._sinks:
            self._sinks = (*self._sinks, sink)

    def detach(self, sink: Sink) -> None:
        self._sinks = tuple(other for other in self._sinks if other is not sink)

    def read_all(self) -> tuple[Catalog, RuleSet | None]:
        """The catalog, and the rules with it, as the files are now. Raises OSError, ValueError."""
        catalog = self.read_catalog() if self.read_catalog else self.catalog
        return catalog, self.read_rules(catalog) if self.read_rules else None

    def use_all(self, catalog: Catalog, rules: RuleSet | None) -> None:
        """From now on; flows under way go on by the decision they have."""
        if self.use_catalog:
            self.use_catalog(catalog)
        if self.use_rules and rules is not None:
            self.use_rules(rules)

    def open(self, flow: str, started: float) -> FlowTrace:
        """Begin the trace of a flow."""
        each_event = any([sink.wants_each_event for sink in self._sinks])
        trace = self.traces[flow] = FlowTrace(flow, started, self.publish, each_event=each_event, price=self.prices.cost, mask=self.mask)
        return trace

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        for sink in self._sinks:
            try:
                sink.publish(events, trace)
            except Exception as error:
                self.detach(sink)
                logger.warning(
                    "amp_addons: %s failed with %s and is turned off; the traffic goes on.", type(sink).__name__, type(error).__name__
                )
        if trace.ended:
            self.traces.pop(trace.flow, None)
