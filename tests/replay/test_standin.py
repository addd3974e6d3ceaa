import json

import pytest

from amp_addons.core.facts import Facts, chunks_of
from amp_addons.replay.captured import Answer, Captured, Message
from amp_addons.replay.standin import NOT_RECORDED, StandIn
from amp_addons.sim.message import Act, Received

MESSAGES = "/api/provider/anthropic/v1/messages"


def flow(text, number=0, model="m", stream=True, body=b"data: 1\n\ndata: 2\n\n", times=(0.5, 1.5), **more):
    asked = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    sizes = [len(body) // 2, len(body) - len(body) // 2]
    facts = Facts(**chunks_of(100.0, [100.0 + at for at in times], sizes, sizes)._asdict(), **more)
    return Captured(
        id=f"flow-{number}", method="POST", scheme="https", host="ampcode.com", port=443, path=MESSAGES, started=100.0,
        headers=((b"content-type", b"application/json"),), body=json.dumps(asked).encode(),
        answer=Answer(200, ((b"Content-Type", b"text/event-stream"), (b"Transfer-Encoding", b"chunked")), body, 100.5, 101.5),
        metadata=facts.metadata(),
    )  # fmt: skip


def asked(text="hi", model="m", stream=True, target=MESSAGES, **more):
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()
    return Received(**{"method": "POST", "target": target, "host": "127.0.0.1", "headers": [], "http_version": "1.1", "body": body, **more})


def said(reply):
    return b"".join(piece for piece in reply.pieces if isinstance(piece, bytes))


def test_answers_as_recorded_with_the_recorded_tempo():
    reply = StandIn([flow("hi")]).answer(asked())
    assert reply.status == 200 and said(reply) == b"data: 1\n\ndata: 2\n\n" and len(reply.pieces) == 2
    assert reply.headers == [(b"Content-Type", b"text/event-stream")]
    assert (reply.delay, list(reply.waits)) == (0.5, [1.0])


@pytest.mark.parametrize(("speed", "delay", "waits"), [(10, 0.05, [0.1]), (0, 0.0, [])])
def test_speed(speed, delay, waits):
    reply = StandIn([flow("hi")], speed).answer(asked())
    assert (reply.delay, list(reply.waits)) == (pytest.approx(delay), pytest.approx(waits))


def test_the_request_most_alike_is_meant():
    standin = StandIn([flow("tell me of trees", 1, body=b"trees!"), flow("tell me of cars", 2, body=b"cars!!")])
    assert said(standin.answer(asked("tell me of cars"))) == b"cars!!"
    assert said(standin.answer(asked("tell me of trees"))) == b"trees!"


def test_the_same_request_gets_what_was_recorded_for_it_in_turn_and_then_the_last():
    standin = StandIn([flow("hi", 1, body=b"first!"), flow("hi", 2, body=b"second")])
    assert [said(standin.answer(asked())) for _ in range(3)] == [b"first!", b"second", b"second"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(model="other"), "a stream of other, and the nearest recorded request to this path"),
        (asked(stream=False), "found an answer in one piece of m"),
        (asked(target="/api/provider/anthropic/v1/message"), "the nearest that was is POST /api/provider/anthropic/v1/messages"),
    ],
)
def test_what_was_not_recorded_answers_599_with_the_nearest(request_, expected):
    lines = []
    reply = StandIn([flow("hi")], said=lines.append).answer(request_)
    assert reply.status == NOT_RECORDED and expected in json.loads(said(reply))["error"]["message"]
    assert lines[0].startswith("599  POST /api/provider/")


def test_an_answer_that_was_cut_off_is_cut_off_again():
    assert StandIn([flow("hi", ended="truncated")]).answer(asked()).pieces[-1] is Act.CUT
    assert Act.CUT not in StandIn([flow("hi")]).answer(asked()).pieces


@pytest.mark.parametrize(
    "request_",
    [
        asked(host="evil.example"),
        asked(headers=[(b"Origin", b"https://evil.example")]),
        asked(headers=[(b"Sec-Fetch-Site", b"cross-site")]),
    ],
)
def test_pages_in_a_browser_and_names_bound_anew_get_nothing(request_):
    assert StandIn([flow("hi")]).answer(request_).status == 403


def test_as_a_proxy_any_host_is_answered_for():
    assert StandIn([flow("hi")]).answer(asked(host="ampcode.com", tunnel="ampcode.com:443")).status == 200


def test_flows_without_an_answer_and_websockets_are_left_out():
    silent = flow("hi")
    silent.answer = None
    socket = flow("hi")
    socket.messages = [Message(True, True, b"x", 1.0)]
    standin = StandIn([silent, socket])
    assert standin.count == 0 and standin.answer(asked()).status == NOT_RECORDED
