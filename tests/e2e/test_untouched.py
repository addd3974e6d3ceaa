"""DESIGN promise 5, byte by byte: with the suite the client and the upstream get what bare mitmdump gives them, whatever goes wrong."""

import contextlib
import socket

import pytest
from support.proxy import bare_before, post, read_all, suite_before, tunnel, until, without_date

from amp_addons.sim.server import simulator

pytestmark = pytest.mark.e2e

STREAM = b'{"model":"claude-x","stream":true,"messages":[]}'
MESSAGES = "/api/provider/anthropic/v1/messages"


@pytest.fixture(scope="module")
def pair():
    """The two proxies, each before a service of its own, so that what arrived can be told apart."""
    with contextlib.ExitStack() as stack:
        sims = [stack.enter_context(simulator()) for _ in range(2)]
        yield [(stack.enter_context(kind(sim)), sim) for kind, sim in zip((bare_before, suite_before), sims, strict=True)]


def exchange(proxy, request, seconds=20.0):
    """All bytes of the answer, and how it ended."""
    with tunnel(proxy) as sock:
        sock.sendall(request)
        return read_all(sock, seconds)


CASES = [
    pytest.param(MESSAGES, {}, id="stream"),
    pytest.param("/api/provider/openai/v1/chat/completions", {}, id="chat"),
    pytest.param("/api/provider/openai/v1/responses", {}, id="responses"),
    pytest.param("/api/provider/google/v1beta1/publishers/google/models/gemini-x:streamGenerateContent?alt=sse", {}, id="google"),
    *[pytest.param(MESSAGES, {"x-sim-encoding": coding}, id=coding) for coding in ("gzip", "deflate", "br", "zstd", "gzip,br")],
    *[pytest.param(MESSAGES, {"x-sim-error": str(status)}, id=f"error {status}") for status in (401, 402, 429, 529)],
    *[
        pytest.param(MESSAGES, {"x-sim-error": fault}, id=fault)
        for fault in (
            "event", "cut", "reset", "garbage-framing", "garbage", "hangup", "head-cut", "corrupt", "empty", "length-long", "length-short",
            "length-bad", "encoding-lie", "encoding-unknown", "no-type", "wrong-type", "redirect",
        )
    ],
    pytest.param(MESSAGES, {"x-sim-error": "corrupt", "x-sim-encoding": "gzip"}, id="corrupt gzip"),
    pytest.param(MESSAGES, {"x-sim-error": "cut", "x-sim-encoding": "br"}, id="cut br"),
    pytest.param(MESSAGES, {"Content-Encoding": "gzip"}, id="request that lies about its encoding"),
    pytest.param(MESSAGES, {"X-Odd_Header": "  two  spaces ", "x-ODD_header": "again"}, id="header spelling and order"),
    pytest.param("/api/nothing/known?a=%2F&&b=;c", {}, id="unknown endpoint, odd query"),
    pytest.param("//api/./provider/../x", {}, id="odd path"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "headers"), CASES)
def test_client_and_upstream_get_what_bare_mitmproxy_gives_them(pair, path, headers):
    outcomes, arrived = [], []
    for proxy, sim in pair:
        before = len(sim.requests)
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = post(path, STREAM).replace(b"\r\n\r\n", f"\r\n{extra}\r\n".encode(), 1)
        data, end = exchange(proxy, request)
        outcomes.append((without_date(data), end))
        arrived.append([(r.method, r.target, r.headers, r.body) for r in sim.requests[before:]])
    assert outcomes[0] == outcomes[1]
    assert arrived[0] == arrived[1] and len(arrived[0]) == 1


def test_upstream_that_never_answers_keeps_the_client_waiting_and_the_others_served(pair):
    proxy, _ = pair[1]
    with tunnel(proxy) as waiting:
        waiting.sendall(post(MESSAGES, STREAM, x_sim_error="silent"))
        data, end = exchange(proxy, post(MESSAGES, STREAM))
        assert end == "complete" and b"message_stop" in data
        assert read_all(waiting, 0.2) == (b"", "timeout")
    ended = until(lambda: [e for e in proxy.events("flow.end") if e["outcome"] == "aborted"], what="the event of the client's leaving")
    assert ended[-1]["status"] is None


def test_stream_that_stalls_shows_what_came_so_far(pair):
    proxy, _ = pair[1]
    known = {e["flow"] for e in proxy.events()}
    with tunnel(proxy) as waiting:
        waiting.sendall(post(MESSAGES, STREAM, x_sim_error="stall", x_sim_at="4"))
        started = until(lambda: [e for e in proxy.events("stream.event") if e["flow"] not in known], what="an event of the stalled stream")
        flow = started[-1]["flow"]
    events = until(lambda: [e for e in proxy.events() if e["flow"] == flow and e["type"] == "flow.end"] and proxy.events())
    mine = [e for e in events if e["flow"] == flow]
    assert mine[-1]["outcome"] == "aborted" and mine[-2]["ended"] == "aborted"
    assert sum(mine[-2]["events"].values()) == len([e for e in mine if e["type"] == "stream.event"])


def test_upstream_that_is_down_gives_mitmproxys_own_answer_and_an_event():
    with simulator() as sim:
        dead = sim.proxy_url
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
        answers = []
        for kind in (bare_before, suite_before):
            with kind(sim) as proxy:
                request = f"GET http://127.0.0.1:{port}/api/user HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
                with socket.create_connection(("127.0.0.1", proxy.port)) as sock:
                    sock.sendall(request)
                    answers.append(without_date(read_all(sock)[0]))
                if kind is suite_before:
                    assert proxy.wait_ended()[-1]["type"] == "flow.end"
        assert dead and answers[0] == answers[1]


ENDINGS = [
    pytest.param({}, "complete", "ok", id="complete"),
    pytest.param({"x_sim_error": "cut"}, "truncated", "error", id="cut"),
    pytest.param({"x_sim_error": "reset"}, "truncated", "error", id="reset"),
    pytest.param({"x_sim_error": "garbage-framing"}, "truncated", "error", id="garbage"),
]


@pytest.mark.parametrize(("headers", "ended", "outcome"), ENDINGS)
def test_events_say_how_a_stream_ended(pair, headers, ended, outcome):
    proxy, _ = pair[1]
    thread = f"T-{ended}-{outcome}-{len(proxy.events())}"  # flows of earlier tests may still be ending
    exchange(proxy, post(MESSAGES, STREAM, x_amp_thread_id=thread, **headers))

    def flow_of_ours():
        events = proxy.events()
        flow = next((e["flow"] for e in events if e.get("thread") == thread), None)
        mine = [e for e in events if e["flow"] == flow]
        return mine if any(e["type"] == "flow.end" for e in mine) else None

    mine = until(flow_of_ours, what="the end of the flow")
    assert (mine[-2]["type"], mine[-2]["ended"], mine[-1]["outcome"]) == ("stream.end", ended, outcome)
    assert [e["type"] for e in mine].count("flow.end") == 1


@pytest.mark.parametrize("fault", ["encoding-lie", "encoding-unknown", "corrupt"])
def test_body_that_cannot_be_decoded_is_said_and_passes(pair, fault):
    proxy, _ = pair[1]
    before = len(proxy.events("flow.end"))
    data, _ = exchange(proxy, post(MESSAGES, STREAM, x_sim_error=fault, **({"x_sim_encoding": "gzip"} if fault == "corrupt" else {})))
    assert data
    end = [e for e in proxy.wait_ended(before + 1) if e["type"] == "stream.end"][-1]
    assert end["errors"]


def test_bomb_passes_while_its_decoding_stops(pair):
    """304 bytes of brotli that become 200 MB: the bytes go on, the decoder gives up, and the proxy's memory stays (THREATS 2)."""
    proxy, _ = pair[1]
    before = len(proxy.events("flow.end"))
    _, end = exchange(proxy, post(MESSAGES, STREAM, x_sim_error="bomb", x_sim_encoding="br"))
    assert end == "complete"
    stream = [e for e in proxy.wait_ended(before + 1) if e["type"] == "stream.end"][-1]
    assert stream["errors"] and stream["bytes"] < 100_000
    with open(f"/proc/{proxy.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 300 * 1024
