"""The simulated service, the suite before it, and every runtime's client run through both: once for all tests here."""

import json
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from e2e.cases import ALL
from e2e.runtimes import NAMES, Client, environment
from support.proxy import from_nothing, suite_before, until

from amp_addons.sim import simulator


@dataclass(frozen=True)
class Seen:
    """One case from every side: what the client told, how the service answered, and what the events say."""

    told: dict
    sent: object
    sent_at_first: int | None
    events: list

    def __getitem__(self, kind):
        """The one event of this type."""
        [event] = self.all(kind)
        return event

    def all(self, kind):
        return [event for event in self.events if event["type"] == kind]


class Stage:
    """The service, the proxy, and the clients that were started: all runtimes at once, to save time."""

    def __init__(self, sim, proxy, folder):
        self.sim, self.proxy, self.folder = sim, proxy, folder
        self._clients, self._problems, self._flows = {}, {}, {}

    def run(self):
        with ExitStack() as stack:
            for runtime in NAMES:
                with self._noting(runtime):
                    self._clients[runtime] = client = self.start(runtime, ALL)
                    stack.callback(client.stop)
            for runtime, client in self._clients.items():
                with self._noting(runtime):
                    client.finish()
        threads = {case.thread(runtime) for runtime in self._clients.keys() - self._problems.keys() for case in ALL}
        until(lambda: self._note_flows() >= threads, what="the end of every flow")

    def start(self, runtime, cases, **options):
        return Client(runtime, cases, self.sent, environment(self.proxy, self.folder, **options), self.folder)

    def sent(self, thread):
        """The one request of this thread, as the service has it."""
        [request] = [request for request in self.sim.requests if request.header("x-amp-thread-id") == thread]
        return request

    def seen(self, runtime, case):
        thread, client = case.thread(runtime), self.client(runtime)
        [events] = self._flows[thread]
        return Seen(client.results[case.name], self.sent(thread), client.sent_at_first.get(case.name), events)

    def client(self, runtime):
        if problem := self._problems.get(runtime):
            pytest.fail(problem, pytrace=False)
        return self._clients[runtime]

    @contextmanager
    def _noting(self, runtime):
        # A runtime that is missing, or fails, is the problem of its own tests.
        try:
            yield
        except AssertionError as error:
            self._problems[runtime] = str(error)

    def _note_flows(self):
        """The events of each flow that has ended, by its thread."""
        # The file is being written: what comes after the last end of a line is not there yet.
        lines = self.proxy.events_path.read_text().split("\n")[:-1]
        flows = defaultdict(list)
        for event in map(json.loads, lines):
            flows[event["flow"]].append(event)
        self._flows = defaultdict(list)
        for events in flows.values():
            if any(event["type"] == "flow.end" for event in events):
                self._flows[events[0]["thread"]].append(events)
        return self._flows.keys()


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    with simulator() as sim, suite_before(sim, start=from_nothing) as proxy:
        stage = Stage(sim, proxy, tmp_path_factory.mktemp("clients"))
        stage.run()
        yield stage


@pytest.fixture(scope="session", params=NAMES)
def runtime(request):
    return request.param


@pytest.fixture
def seen(stage, runtime, case):
    """The case as this runtime's client ran it."""
    return stage.seen(runtime, case)
