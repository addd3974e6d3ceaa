import json

import pytest

from amp_addons.core.facts import Facts, chunks_of
from amp_addons.replay.captured import Answer, Captured, Message
from amp_addons.replay.standin import NOT_RECORDED, StandIn
from amp_addons.sim.coding import encoded
from amp_addons.sim.message import Act, Received

MESSAGES = "/api/provider/anthropic/v1/messages"


def flow(text, number=0, model="m", stream=True, pieces=(b"data: 1\n\n", b"data: 2\n\n"), times=(0.5, 1.5), coding=b"", **more):
    body, sizes, coded = b"".join(pieces), list(map(len, pieces)), ((b"Content-Encoding", coding),) if coding else ()
    asked = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    facts = Facts(**chunks_of(100.0, [100.0 + at for at in times], sizes, sizes)._asdict(), **more)
    return Captured(
        id=f"flow-{number}", method="POST", scheme="https", host="ampcode.com", port=443, path=MESSAGES, started=100.0,
        headers=((b"content-type", b"application/json"),), body=json.dumps(asked).encode(),
        answer=Answer(200, ((b"Content-Type", b"text/event-stream"), (b"Transfer-Encoding", b"chunked"), *coded), body, 100.5, 101.5),
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


PIECES = [b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize(
    ("asked_for", "coding", "plain"),
    [
        (None, "gzip", True),
        ("identity", "gzip", True),
        ("gzip;q=0, br", "gzip", True),
        ("br, gzip", "gzip", False),
        ("*", "zstd", False),
        ("gzip", "br, gzip", True),
        ("deflate", "identity", False),
    ],
)
def test_an_answer_comes_in_a_coding_only_to_who_asked_for_it(asked_for, coding, plain):
    """Each piece at its time; the last one, which only ends the coding, is not sent as an empty one."""
    codings = [name.strip() for name in coding.split(",") if name != "identity"]
    coded = [piece for piece in encoded(PIECES, codings) if piece]
    standin = StandIn([flow("hi", pieces=coded, times=(0.5, 1.5, 1.75, 1.8)[: len(coded)], coding=coding.encode())])
    headers = [(b"Accept-Encoding", asked_for.encode())] if asked_for else []
    reply = standin.answer(asked(headers=headers))
    assert list(reply.pieces) == (PIECES if plain else coded)
    assert ((b"Content-Encoding", coding.encode()) in reply.headers) is not plain
    assert (reply.delay, reply.waits[0]) == (0.5, 1.0)


def test_an_answer_whose_coding_cannot_be_read_is_sent_as_it_is():
    broken = flow("hi", pieces=[b"no gzip at all, ", b"no"], coding=b"gzip")
    assert said(StandIn([broken]).answer(asked())) == b"no gzip at all, no"


@pytest.mark.parametrize(("speed", "delay", "waits"), [(10, 0.05, [0.1]), (0, 0.0, [])])
def test_speed(speed, delay, waits):
    reply = StandIn([flow("hi")], speed).answer(asked())
    assert (reply.delay, list(reply.waits)) == (pytest.approx(delay), pytest.approx(waits))


def test_the_request_most_alike_is_meant():
    standin = StandIn([flow("tell me of trees", 1, pieces=[b"trees!"]), flow("tell me of cars", 2, pieces=[b"cars!!"])])
    assert said(standin.answer(asked("tell me of cars"))) == b"cars!!"
    assert said(standin.answer(asked("tell me of trees"))) == b"trees!"


def test_the_same_request_gets_what_was_recorded_for_it_in_turn_and_then_the_last():
    standin = StandIn([flow("hi", 1, pieces=[b"first!"]), flow("hi", 2, pieces=[b"second"])])
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
