import json
import random

import pytest

from amp_addons.core.glance import BEFORE, FIRST, LAST, MAX_READ, glance
from amp_addons.core.reader import StreamReader
from amp_addons.sim import anthropic, google, google_array, openai_chat, openai_responses
from amp_addons.sim.turn import compose


def delta(text):
    data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
    return f"event: content_block_delta\ndata: {data}\n\n".encode()


def stream(count):
    return [delta(f"{number} ") for number in range(count)]


@pytest.mark.parametrize("api", [anthropic, google, google_array, openai_chat, openai_responses])
def test_short_answers_are_there_as_a_whole(api):
    """With every event, where it ended, and the same summary as the reader's."""
    body = b"".join(api.events(compose(model="m", text="Hello there. ", thinking="Hm.")))
    reader = StreamReader()
    events = reader.feed(body)
    reader.close()
    found = glance(body)
    assert found.summary == reader.summary() and [seen.event for seen in found.first] == events
    assert found.total == len(events) and not found.last and not found.left_out and not found.unread
    ends = [seen.end for seen in found.first]
    assert ends == sorted(set(ends)) and ends[-1] <= len(body)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_found_whatever_ends_their_lines(end):
    body = b"".join(stream(3)).replace(b"\n", end.encode())
    assert glance(body).summary.text == "0 1 2 " and [seen.event.seq for seen in glance(body).first] == [0, 1, 2]


def test_of_long_answers_the_first_and_last_events_are_kept():
    pieces = stream(5_000)
    body = b"".join(pieces)
    found = glance(body)
    assert [seen.event.seq for seen in found.first] == list(range(FIRST))
    assert [seen.event.seq for seen in found.last] == list(range(5_000 - LAST, 5_000))
    assert [seen.event.seq for seen in found.before] == list(range(5_000 - LAST - BEFORE, 5_000 - LAST))
    assert found.total == 5_000 and found.left_out == 5_000 - FIRST - LAST
    assert found.last[-1].end == len(body) and found.first[1].end == len(pieces[0] + pieces[1])
    assert found.summary.text.endswith("4999 ") and len(found.summary.text.split()) == 5_000 and '"4999 "' in found.last[-1].data


@pytest.mark.parametrize("count", [FIRST - 1, FIRST, FIRST + 1, FIRST + LAST, FIRST + LAST + BEFORE + 1])
def test_no_event_is_shown_twice(count):
    found = glance(b"".join(stream(count)))
    numbers = [seen.event.seq for seen in (*found.first, *found.last)]
    assert numbers == sorted(set(numbers)) and found.total == count and found.left_out == count - len(numbers)


def test_what_is_past_the_limits_is_told():
    body = b"".join(stream(100)) * 600
    assert len(body) > MAX_READ
    assert glance(body).unread == len(body) - MAX_READ


def test_reading_ends_when_there_is_no_more_time():
    """However slow a body is to be read."""
    asked = iter([False] * 220)
    body = b"".join(stream(5_000))
    found = glance(body, over=lambda: next(asked, True))
    assert 0 < found.total < 5_000 and found.unread > 0 and not found.last


def test_bodies_without_events_take_few_pieces(monkeypatch):
    """A body of line ends alone would be fed two bytes at a time."""
    fed = 0
    before = StreamReader.feed

    def feed(self, data):
        nonlocal fed
        fed += 1
        return before(self, data)

    monkeypatch.setattr(StreamReader, "feed", feed)
    glance(b"\n" * 1_000_000)
    assert fed < 2_000


def test_a_json_body_is_read():
    body = json.dumps(anthropic.whole(compose(model="m", text="Hello there. "))).encode()
    found = glance(body, "anthropic-messages")
    assert found.summary.text == "Hello there. " and found.total == 0 and found.unread == 0


@pytest.mark.parametrize("body", [b"", b"\n", b"\0" * 100, b"data", b"[", b"{", b"\xff\xfe", random.Random(1).randbytes(10_000)])
def test_nothing_raises(body):
    assert not glance(body).summary.text
