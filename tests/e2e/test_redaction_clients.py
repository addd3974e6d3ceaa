"""The official SDKs through a rule with placeholders: the upstream is never given the secret, and the client has it back, as it streams."""

from contextlib import ExitStack

import pytest
from e2e.cases import ONE_OF_EACH_API, WAYS, Case, each
from e2e.runtimes import Client, environment
from support.proxy import post, read_all, tunnel, until
from support.secrets import SECRET
from support.world import world

pytestmark = pytest.mark.e2e

RULES = "- {id: hide, match: {}, then: {redact: hidden}}"
REDACTORS = "redactors:\n  hidden: {mode: placeholder}\n"
SAY = f"my key is {SECRET} and größer 🚀, so say that the key is {SECRET} again, and no more than that"
PACE = 0.02
STALL = 0.15
SIZE = 3
STREAMED = [
    Case(f"{way}/hidden", WAYS[way], say=SAY, options={"echo": 1, "size": SIZE, "pace": PACE, "seed": 7}) for way in ONE_OF_EACH_API
]
WHOLE = [Case(f"{way}/hidden-whole", WAYS[way], stream=False, say=SAY, options={"echo": 1, "encoding": "auto"}) for way in ONE_OF_EACH_API]
TAIL = SECRET.rpartition("-")[2]


RUNTIMES = ("python", "node")


def warm(here):
    """What the proxy loads with its first answer of a model (prices) may take half a second where Python has yet to compile it."""

    def priced():
        with tunnel(here.proxy) as sock:
            sock.sendall(post("/api/provider/openai/v1/responses", b'{"model":"gpt-5","stream":true,"input":"x"}'))
            read_all(sock)
        return any(each["cost_usd"] for each in here.proxy.events("stream.end"))

    until(priced, what="a price")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the client of each runtime said of every case, and the services: one proxy for all."""
    with world(RULES, top=REDACTORS) as here, ExitStack() as stack:

        def sent(thread):
            [received] = here.received(here.amp, thread)
            return received

        clients = {}
        warm(here)
        for runtime in RUNTIMES:
            folder = tmp_path_factory.mktemp(runtime)
            clients[runtime] = Client(runtime, [*WHOLE, *STREAMED], sent, environment(here.proxy, folder), folder)
            stack.callback(clients[runtime].stop)
        for client in clients.values():
            client.finish()
        yield clients, here


@pytest.fixture
def seen(told, case):
    """For each runtime what its client said of the case, and what the upstream received."""
    clients, here = told
    return [(clients[name].results[case.name], *here.received(here.amp, case.thread(name))) for name in RUNTIMES]


@each(STREAMED, WHOLE)
def test_no_piece_of_the_secret_reaches_the_upstream(seen):
    for _, request in seen:
        text = request.target + str(request.headers) + request.body.decode()
        assert "zqx" in text and "größer" in request.truth.text
        assert not [piece for piece in (TAIL[at : at + 8] for at in range(len(TAIL) - 7)) if piece in text]


@each(STREAMED, WHOLE)
def test_the_client_has_the_secret_back(seen):
    for result, request in seen:
        assert result.get("answer", {}).get("text") == SAY, result
        assert "zqx" in request.truth.text and SECRET not in request.truth.text


@each(STREAMED)
def test_deltas_keep_flowing(seen):
    """A busy machine holds up one client now and then; what a rule holds up, it does to each."""
    for result, request in seen:
        assert result["pieces"] > len(request.truth.text) / SIZE > 40
    assert min(result["gap"] for result, _ in seen) < PACE + STALL, [result["gap"] for result, _ in seen]
