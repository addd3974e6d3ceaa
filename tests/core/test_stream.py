import gzip
import zlib

import pytest

from amp_addons.core.sse import ServerSentEvent
from amp_addons.core.stream import DONE, MAX_TYPES, OTHER, StreamWatch, event_type, expects_events

TYPES = [
    pytest.param("message", '{"type":"ping"}', "ping", id="payload's type"),
    pytest.param("named", '{"type":"ping","object":"chunk"}', "ping", id="type before object and name"),
    pytest.param("message", '{"object":"chat.completion.chunk"}', "chat.completion.chunk", id="object"),
    pytest.param("message", '{"type":7,"object":"chunk"}', "chunk", id="type that is no string"),
    pytest.param("named", '{"type":7,"object":[]}', "named", id="neither is a string"),
    pytest.param("named", '{"candidates":[]}', "named", id="neither is there"),
    pytest.param("named", '{"type":"ping"', "named", id="broken JSON"),
    pytest.param("named", '{"type":"\ud800"}', "named", id="lone surrogate"),
    pytest.param("named", "[1]", "named", id="no object"),
    pytest.param("named", "", "named", id="empty"),
    pytest.param("message", "[DONE]", DONE, id="end marker"),
]


@pytest.mark.parametrize(("name", "data", "expected"), TYPES)
def test_type_of_an_event(name, data, expected):
    assert event_type(ServerSentEvent(event=name, data=data, id="", retry=None)) == expected


def test_end_marker_is_seen_but_not_counted():
    watch = StreamWatch()
    found = watch.feed([(1.0, b'data: {"object":"chunk"}\n\ndata: [DONE]\n\n')])
    assert [label for _, label, _ in found] == ["chunk", DONE]
    assert watch.counts == {"chunk": 1} and watch.events == 2


def test_event_has_the_time_of_the_chunk_that_completed_it_and_its_size_in_utf8():
    found = StreamWatch().feed([(1.0, b"data: caf\xc3"), (2.0, b"\xa9\n"), (3.0, b"\ndata: x\n\n")])
    assert found == [(3.0, "message", 5), (3.0, "message", 1)]


BODY = b'data: {"type":"a"}\n\n' * 3


@pytest.mark.parametrize("encoding", [None, "", "identity", "gzip", "GZIP", "deflate"])
def test_body_is_read_through_its_encoding_however_it_is_cut(encoding):
    body = {"gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY)}.get((encoding or "").lower(), BODY)
    watch = StreamWatch(encoding)
    for at in range(len(body)):
        watch.feed([(0.0, body[at : at + 1])])
    watch.close(0.0)
    assert watch.counts == {"a": 3} and watch.errors == []


def test_what_cannot_be_decoded_is_said():
    watch = StreamWatch("gzip")
    watch.feed([(0.0, b"this is not gzip at all")])
    assert watch.events == 0 and len(watch.errors) == 1


def test_event_larger_than_the_limit_is_said_and_the_next_one_counted():
    watch = StreamWatch()
    for _ in range(40):
        watch.feed([(0.0, b"data: " + b"x" * 1_000_000)])
    watch.feed([(0.0, b"\n\ndata: next\n\n")])
    assert watch.events == 1 and "larger than the limit" in watch.errors[0]


def test_types_are_bounded_and_made_harmless():
    watch = StreamWatch()
    for number in range(MAX_TYPES + 50):
        watch.feed([(0.0, b"event: t%d\x1b\ndata: x\n\n" % number)])
    assert len(watch.counts) == MAX_TYPES + 1 and watch.counts[OTHER] == 50
    assert "t0\\x1b" in watch.counts


@pytest.mark.parametrize(
    ("status", "content_type", "asked", "expected"),
    [
        (200, "text/event-stream", False, True),
        (500, "Text/Event-Stream ; charset=utf-8", False, True),
        (200, None, True, True),
        (200, "text/plain; charset=utf-8", True, True),
        (200, "application/json", True, False),
        (200, None, False, False),
        (429, None, True, False),
    ],
)
def test_which_answers_are_streams(status, content_type, asked, expected):
    assert expects_events(status, content_type, asked) is expected
