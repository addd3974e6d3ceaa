import gzip
import zlib

import pytest

from amp_addons.core.stream import DONE, MAX_TYPES, OTHER
from amp_addons.core.watch import STALL, StreamWatch


def test_end_marker_is_seen_but_not_counted():
    watch = StreamWatch()
    found = watch.feed([(1.0, b'data: {"object":"chunk"}\n\ndata: [DONE]\n\n')])
    assert [event.type for _, event in found] == ["chunk", DONE]
    assert watch.counts == {"chunk": 1} and watch.events == 2


def test_event_has_the_time_of_the_chunk_that_completed_it_and_its_size_in_utf8():
    found = StreamWatch().feed([(1.0, b"data: caf\xc3"), (2.0, b"\xa9\n"), (3.0, b"\ndata: x\n\n")])
    assert [(at, event.type, event.size) for at, event in found] == [(3.0, "message", 5), (3.0, "message", 1)]


BODY = b'data: {"type":"a"}\n\n' * 3


@pytest.mark.parametrize("encoding", [None, "", "identity", "gzip", "GZIP", "deflate"])
def test_body_is_read_through_its_encoding_however_it_is_cut(encoding):
    body = {"gzip": gzip.compress(BODY), "deflate": zlib.compress(BODY)}.get((encoding or "").lower(), BODY)
    watch = StreamWatch(encoding)
    for at in range(len(body)):
        watch.feed([(0.0, body[at : at + 1])])
    watch.close(0.0)
    assert watch.counts == {"a": 3} and watch.notes == []


def test_body_that_is_decoded_before_it_comes_is_read_as_it_is():
    watch = StreamWatch("gzip")
    watch.decoded()
    watch.feed([(0.0, BODY)])
    watch.close(1.0)
    assert watch.counts == {"a": 3} and watch.notes == []


def test_what_cannot_be_decoded_is_said():
    watch = StreamWatch("gzip")
    watch.feed([(0.0, b"this is not gzip at all")])
    assert watch.events == 0 and len(watch.notes) == 1


def test_event_larger_than_the_limit_is_said_and_the_next_one_counted():
    watch = StreamWatch()
    for _ in range(40):
        watch.feed([(0.0, b"data: " + b"x" * 1_000_000)])
    watch.feed([(0.0, b"\n\ndata: next\n\n")])
    assert watch.events == 1 and "larger than the limit" in watch.summary().errors[0].message


def test_types_are_bounded_and_made_harmless():
    watch = StreamWatch()
    for number in range(MAX_TYPES + 50):
        watch.feed([(0.0, b"event: t%d\x1b\ndata: x\n\n" % number)])
    assert len(watch.counts) == MAX_TYPES + 1 and watch.counts[OTHER] == 50
    assert "t0\\x1b" in watch.counts


def test_first_token_is_output_and_no_ping_or_head():
    watch = StreamWatch(api="anthropic-messages")
    watch.feed([(1.0, b'data: {"type":"message_start","message":{"model":"m"}}\n\n'), (2.0, b'data: {"type":"ping"}\n\n')])
    assert watch.first_token is None
    watch.feed([(3.0, b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n')])
    watch.feed([(4.0, b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"!"}}\n\n')])
    assert watch.first_token == 3.0
    assert (watch.summary().text, watch.summary().model) == ("", "m")  # no text is kept


def test_skimmed_events_are_counted_and_read_but_not_returned():
    watch = StreamWatch(api="anthropic-messages")
    event = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}\n\n'
    watch.feed([(1.0, event)])
    watch.skim(STALL + 2, event * 2 + event[:20])
    found = watch.feed([(STALL + 3, event[20:])])
    assert [found_event.seq for _, found_event in found] == [3]
    assert (watch.events, watch.counts, watch.first_token) == (4, {"content_block_delta": 4}, 1.0)
    assert watch.notes == ["no event came for 31 s"]


class Upper:
    """Stands in for masking: holds the last letter back, as a secret that may go on would be."""

    held = ""

    def feed(self, text):
        text, self.held = (self.held + text)[:-1], (self.held + text)[-1:]
        return text.upper()

    def flush(self):
        return self.held.upper()


def test_events_have_what_they_say_where_that_is_wanted():
    """Deltas of a kind are one text to what masks them; what is held back goes to the event that ends it."""
    watch = StreamWatch(api="anthropic-messages", mask=Upper)
    piece = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n'
    found = watch.feed([(1.0, piece % b"ab" + piece % b"cd"), (2.0, b'data: {"type":"content_block_stop","index":0}\n\n')])
    assert [event.text for _, event in found] == ["A", "BC", "D"]


def test_silence_is_worth_a_word_wherever_it_was():
    watch = StreamWatch()
    watch.feed([(0.0, b"data: x\n\n"), (STALL + 1, b"data: x\n\n")])
    watch.close(STALL + 2)
    assert watch.notes == ["no event came for 31 s"]
    watch = StreamWatch()
    watch.feed([(0.0, b"data: x\n\n")])
    watch.close(STALL + 2, cut=True)
    assert watch.notes == ["no event came for 32 s"]
