"""The decoder against the standard: a table of streams, each cut in every way, and a plain decoder over arbitrary bytes."""

import re
import time
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amp_addons import ServerSentEvent, SSEDecoder
from amp_addons.core.sse import MAX_EVENT_BYTES, Run, run_of

BOM = b"\xef\xbb\xbf"
SEPARATORS = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei"

LONG = b"x" * 9000

# Name, stream, events as (event, data, id). Grouped by the paragraph of the standard that decides.
CASES: list[tuple[str, bytes, list[tuple[str, str, str]]]] = [
    # The examples in the standard's text.
    ("three data lines", b"data: YHOO\ndata: +2\ndata: 10\n\n", [("message", "YHOO\n+2\n10", "")]),
    (
        "comment, id, id reset, space kept",
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [("message", "first event", "1"), ("message", "second event", ""), ("message", " third event", "")],
    ),
    ("bare data lines, last block unfinished", b"data\n\ndata\ndata\n\ndata:", [("message", "", ""), ("message", "\n", "")]),
    ("space after the colon optional", b"data:test\n\ndata: test\n\n", [("message", "test", "")] * 2),
    # What providers send.
    ("anthropic", b'event: ping\ndata: {"type": "ping"}\n\n', [("ping", '{"type": "ping"}', "")]),
    ("openai", b'data: {"a":1}\n\ndata: [DONE]\n\n', [("message", '{"a":1}', ""), ("message", "[DONE]", "")]),
    ("openrouter", b': OPENROUTER PROCESSING\n\ndata: {"a":1}\n\n', [("message", '{"a":1}', "")]),
    ("gemini", b'data: {"a": 1}\r\n\r\ndata: {"b": 2}\r\n\r\n', [("message", '{"a": 1}', ""), ("message", '{"b": 2}', "")]),
    ("event without space", b'event:stop\ndata:{"a":1}\n\n', [("stop", '{"a":1}', "")]),
    ("error in JSON, no stream at all", b'{"error": "data: x"}\n\n', []),
    # Line ends.
    ("CR", b"data: a\rdata: b\r\rdata: c\r\r", [("message", "a\nb", ""), ("message", "c", "")]),
    ("CRLF", b"data: a\r\ndata: b\r\n\r\n", [("message", "a\nb", "")]),
    ("CR CRLF is two line ends", b"data: a\r\r\ndata: b\r\r\n", [("message", "a", ""), ("message", "b", "")]),
    ("CRLF CR is two line ends", b"data: a\r\n\rdata: b\r\n\r", [("message", "a", ""), ("message", "b", "")]),
    ("LF CR is two line ends", b"data: a\n\rdata: b\n\r", [("message", "a", ""), ("message", "b", "")]),
    ("all mixed", b"data: a\r\ndata\ndata:b\r\r\n", [("message", "a\n\nb", "")]),
    ("blank lines dispatch nothing", b"\n\r\r\n\n\ndata: a\n\n\n\n\n", [("message", "a", "")]),
    ("other separators are not line ends", f"data: {SEPARATORS}\n\n".encode(), [("message", SEPARATORS, "")]),
    # Byte order mark.
    ("BOM", BOM + b"data: a\n\n", [("message", "a", "")]),
    ("only one BOM", BOM + BOM + b"data: a\n\ndata: b\n\n", [("message", "b", "")]),
    ("BOM later", b"\n" + BOM + b"data: a\n\ndata: b\n\n", [("message", "b", "")]),
    ("BOM in data", b"data: " + BOM + b"\n\n", [("message", "\ufeff", "")]),
    ("BOM, then CRLF", BOM + b"\r\n\r\ndata: a\r\n\r\n", [("message", "a", "")]),
    ("part of a BOM", BOM[:2], []),
    ("part of a BOM, then a line", BOM[:2] + b"data: a\n\ndata: b\n\n", [("message", "b", "")]),
    ("nothing", b"", []),
    # UTF-8.
    ("characters", "event: é\nid: 日本\ndata: 😀\n\n".encode(), [("é", "😀", "日本")]),
    ("invalid bytes", b"event: e\xff\nid: i\xfe\ndata: \xed\xa0\x80\n\n", [("e\ufffd", "\ufffd\ufffd\ufffd", "i\ufffd")]),
    ("a character cut by a line end", b"data: \xe2\x82\n\ndata: \xac\n\n", [("message", "\ufffd", "")] * 2),
    ("invalid bytes in two lines", b"data: \xf0\x9f\x98\ndata: \x80\n\n", [("message", "\ufffd\n\ufffd", "")]),
    ("an invalid byte in a field name", b"da\xffta: a\ndata: b\n\n", [("message", "b", "")]),
    # Fields.
    ("colon in the value", b"data: : \n\ndata::\n\n", [("message", ": ", ""), ("message", ":", "")]),
    ("colon and space in the value", b"data:a: b\ndata: c: d\n\n", [("message", "a: b\nc: d", "")]),
    ("only one space is taken", b"data:   \n\ndata:\tx\n\n", [("message", "  ", ""), ("message", "\tx", "")]),
    ("empty data", b"data: \n\ndata:\n\ndata\n\n", [("message", "", "")] * 3),
    ("empty lines of data", b"data: \ndata\ndata:\n\n", [("message", "\n\n", "")]),
    ("NUL in data", b"data: \0\n\n", [("message", "\0", "")]),
    ("unknown fields", b"Data: a\ndata : b\n data: c\ndatax: d\ndat: e\nevents: f\ndata: g\n\n", [("message", "g", "")]),
    ("comments", b":\n: a\n:data: b\ndata: c\n:\n::\ndata: d\n\n", [("message", "c\nd", "")]),
    ("a name is for one event", b"event: a\ndata: x\n\ndata: y\n\n", [("a", "x", ""), ("message", "y", "")]),
    ("a name without data is dropped", b"event: a\n\ndata: y\n\n", [("message", "y", "")]),
    ("the last name counts", b"event: a\nevent: b\ndata: x\n\nevent: a\nevent\ndata: y\n\n", [("b", "x", ""), ("message", "y", "")]),
    ("an empty name is message", b"event: \ndata: x\n\nevent:\ndata: y\n\n", [("message", "x", ""), ("message", "y", "")]),
    ("a name after the data", b"data: x\nevent: a\n\n", [("a", "x", "")]),
    ("a name with spaces", b"event:  a b \ndata: x\n\n", [(" a b ", "x", "")]),
    ("the id stays", b"id: 1\ndata: a\n\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "1")]),
    ("an id without data stays", b"id: 2\n\ndata: c\n\n", [("message", "c", "2")]),
    ("the id is reset", b"id: 1\ndata: a\n\nid:\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "")]),
    ("an id with NUL is ignored", b"id: 1\nid: 2\0\nid: \0\ndata: a\n\n", [("message", "a", "1")]),
    ("an id after the data", b"data: a\nid: 1\n\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "1")]),
    ("no event without data", b"event: a\nid: 1\nretry: 2\n: x\n\n", []),
    # The end.
    ("no empty line", b"data: a\n", []),
    ("no line end", b"data: a\n\ndata: [DONE]", [("message", "a", "")]),
    ("ends in a character", b"data: a\n\ndata: \xe2\x82", [("message", "a", "")]),
    # Sizes at which the decoder changes its ways.
    ("long lines", b"data: " + LONG + b"\n:" + LONG + b"\ndata: " + LONG + b"\n\n", [("message", f"{LONG.decode()}\n{LONG.decode()}", "")]),
    ("long name and id", b"event: " + b"e" * 5000 + b"\nid: " + b"i" * 5000 + b"\ndata\n\n", [("e" * 5000, "", "i" * 5000)]),
    ("many lines", b"data: x\n" * 3000 + b"\n", [("message", "\n".join("x" * 3000), "")]),
    ("many events", b"event: a\ndata: x\n\n" * 1000, [("a", "x", "")] * 1000),
]  # fmt: skip

RETRIES = [
    ("digits", b"retry: 5\n", 5),
    ("no space, leading zero", b"retry:05\n", 5),
    ("the last valid one", b"retry: 1\nretry: 2\nretry: 3x\n", 2),
    ("zero", b"retry: 0\n", 0),
    ("many digits", b"retry: 1" + b"0" * 600 + b"\n", 10**600),
    ("more digits than int takes", b"retry: 7\nretry: " + b"9" * 5000 + b"\n", 7),
    ("other than digits", "retry: +5\nretry: -5\nretry:  5\nretry: 5 \nretry: 1_0\nretry: \u0665\nretry\nretry:\n".encode(), None),
]  # fmt: skip


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """The stream whole, byte by byte, in small pieces, and, unless it is long, cut at every position."""
    yield [data]
    for size in (1, 7, 64, 1024):
        yield [data[i : i + size] for i in range(0, len(data), size)]
    if len(data) <= 400:
        for i in range(len(data) + 1):
            yield [data[:i], b"", data[i:]]


def decode(pieces: Iterable[bytes], **options: int) -> tuple[list[ServerSentEvent], SSEDecoder]:
    decoder = SSEDecoder(**options)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.close(), decoder


def shown(events: list[ServerSentEvent]) -> list[tuple[str, str, str]]:
    return [(event.event, event.data, event.id) for event in events]


@pytest.mark.parametrize(("data", "expected"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_stream(data: bytes, expected: list[tuple[str, str, str]]) -> None:
    """The events are those of the standard, however the bytes are cut."""
    for pieces in cuts(data):
        assert shown(decode(pieces)[0]) == expected


COMPLETE = [pytest.param(data, expected, id=name) for name, data, expected in CASES if re.search(rb"(\n|\r\n?)(\n|\r\n?)\Z", data)]


@pytest.mark.parametrize(("data", "expected"), COMPLETE)
def test_stream_with_trailing_data(data: bytes, expected: list[tuple[str, str, str]]) -> None:
    """What follows a complete block has no influence on it, and is decoded in its turn."""
    for pieces in cuts(data):
        decoder = SSEDecoder()
        events = [event for piece in [*pieces[:-1], pieces[-1] + b"event: e\ndata: ne"] for event in decoder.feed(piece)]
        assert shown(events) == expected
        assert shown(decoder.feed(b"xt\n\nid: unfinished")) == [("e", "next", decoder.last_event_id)]


@pytest.mark.parametrize(("data", "expected"), [pytest.param(*case, id=name) for name, *case in RETRIES])
def test_retry(data: bytes, expected: int | None) -> None:
    """Digits alone set the reconnection time, as soon as their line ends; the event that they are part of has it too."""
    for pieces in cuts(data):
        decoder = SSEDecoder()
        assert [decoder.feed(piece) for piece in pieces] == [[]] * len(pieces)
        assert decoder.retry == expected
        assert [event.retry for event in decoder.feed(b"data: x\n\ndata:y\n\n")] == [expected, None]
        assert decoder.retry == expected


def test_retry_without_line_end() -> None:
    """An unfinished line is discarded with the event it would belong to."""
    assert decode([b"retry: 5"])[1].retry is None


def test_last_event_id_changes_at_the_end_of_the_block() -> None:
    """A connection lost within a block goes on from the event before it."""
    decoder = SSEDecoder()
    seen = []
    for piece in (b"id: 1\n", b"data: a\n", b"\n", b"id: 2\n", b"\n", b"id: 3\ndata: x\n"):
        decoder.feed(piece)
        seen.append(decoder.last_event_id)
    assert seen == ["", "", "1", "1", "2", "2"]


@pytest.mark.parametrize("data", [b"data: a\n\n", b"data: a\r\r", b"data: a\r\n\r", b"data: a\n\r", b"data: a\r\n\n"])
def test_event_comes_with_the_byte_that_completes_it(data: bytes) -> None:
    """A CR ends its line at once: waiting for an LF would hold the event back until the next one arrives."""
    decoder = SSEDecoder()
    assert decoder.feed(data[:-1]) == []
    assert shown(decoder.feed(data[-1:])) == [("message", "a", "")]


def test_close_begins_a_new_stream() -> None:
    """After `close` comes a reconnection: again a byte order mark, nothing of what was unfinished, but the ids and times go on."""
    decoder = SSEDecoder()
    decoder.feed(b"id: 1\nretry: 2\ndata: a\n\nevent: e\ndata: lost\nda\r")
    assert decoder.close() == []
    assert shown(decoder.feed(b"\ndata: b\n\n")) == [("message", "b", "1")]
    decoder.close()
    assert shown(decoder.feed(BOM + b"data: c\n\n")) == [("message", "c", "1")]
    assert (decoder.last_event_id, decoder.retry, decoder.close(), decoder.close()) == ("1", 2, [], [])


def plain(data: bytes, limit: int = MAX_EVENT_BYTES) -> tuple[list[ServerSentEvent], str, int | None, int]:
    """The standard word by word: decode, split, interpret. Returns events, last event id, reconnection time, number of events left out."""
    lines = re.split("\r\n|\n|\r", data.removeprefix(BOM).decode("utf-8", "replace"))[:-1]
    events: list[ServerSentEvent] = []
    last_id = id_buffer = event_type = ""
    reconnection_time = retry = None
    data_lines: list[str] = []
    skipped, oversized = 0, False
    for line in lines:
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if line == "":
            last_id = id_buffer
            if data_lines and oversized:
                skipped += 1
            elif data_lines:
                events.append(ServerSentEvent(event_type or "message", "\n".join(data_lines), last_id, retry))
            event_type, data_lines, retry, oversized = "", [], None, False
        elif field in ("data", "event", "id", "retry") and len(value.encode()) > limit:
            oversized = True
            data_lines += [""] if field == "data" else []
        elif field == "event":
            event_type = value
        elif field == "data":
            data_lines.append(value)
            oversized |= len("\n".join(data_lines).encode()) > limit
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            reconnection_time = retry = int(value)
    return events, last_id, reconnection_time, skipped


SCRAPS = b"data|data: |event: |id: |retry: |retry:7|event: e\ndata: {}\n\n|data: [1]\n\n|: ping\n\n|:| |\n|\n|\n\n|\r|\r\n|\0|x|12".split(
    b"|"
)
SCRAPS += [BOM, b"\xe2", b"\x82", b"\xac", "é😀".encode()]
streams = st.lists(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=3)), max_size=40).map(b"".join)


@settings(deadline=None, max_examples=300)
@given(streams, st.data())
def test_arbitrary_bytes_cut_anywhere(data: bytes, draw: st.DataObject) -> None:
    """After every piece, all is as the plain decoder has it for the bytes up to there: nothing early, nothing late, nothing else."""
    ends = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    decoder, events, start = SSEDecoder(), list[ServerSentEvent](), 0
    for end in [*ends, len(data)]:
        events += decoder.feed(data[start:end])
        assert (events, decoder.last_event_id, decoder.retry, decoder.skipped) == plain(data[:end])
        start = end


RUNS = st.sampled_from(
    [b"data: %d\n\n", b"event: e\ndata: {%d}\n\n", b"event: \ndata: \n\n", b"event: data: \ndata: x\n\n", b"data:  \n\n"]
)
runs = st.tuples(RUNS, st.integers(50, 200)).map(lambda run: b"".join(run[0].replace(b"%d", b"%d" % n) for n in range(run[1])))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(runs, streams), max_size=6).map(b"".join), st.integers(1, 5000))
def test_runs_of_like_events_among_others(data: bytes, size: int) -> None:
    """Pieces of many like events are read at once; that changes nothing, whatever is before, after and between them."""
    events, decoder = decode([data[i : i + size] for i in range(0, len(data), size)])
    assert (events, decoder.last_event_id, decoder.retry, decoder.skipped) == plain(data)


def test_a_run_is_events_alike_but_for_one_line_of_data() -> None:
    """What is none is read line by line."""
    assert run_of(b"event: e\ndata: a\n\nevent: e\ndata: b\n\n", "7") == Run("e", ["a", "b"], "7")
    assert run_of(b"data: a\n\ndata: \n\n", "") == Run("message", ["a", ""], "")
    for other in (
        b"event: f\ndata: b\n\n",
        b"event: e\ndata: b\ndata: c\n\n",
        b"event: e\ndata: \xff\n\n",
        b": c\n\n",
        b"id: 1\n\n",
        b"\n",
    ):
        assert run_of(b"event: e\ndata: a\n\n" + other, "") is None
    assert run_of(b"id: 1\ndata: a\n\n", "") is None and run_of(b": c\n\n", "") is None


@settings(deadline=None, max_examples=300)
@given(streams, st.integers(0, 12), st.integers(1, 9))
def test_arbitrary_text_with_a_small_bound(data: bytes, limit: int, size: int) -> None:
    """What is left out depends on the sizes of fields alone, not on how the bytes are cut."""
    data = data.decode("utf-8", "ignore").encode()
    events, decoder = decode([data[i : i + size] for i in range(0, len(data), size)], max_event_bytes=limit)
    assert (events, decoder.last_event_id, decoder.retry, decoder.skipped) == plain(data, limit)


BOUND = 10_000
X = b"x" * BOUND
OVERSIZED = [
    ("one line", b"data: " + X + b"x"),
    ("no space", b"data:" + X + b"x"),
    ("two lines", b"data: " + X[1:] + b"\ndata: x"),
    ("many lines", b"data: xxxx\n" * 2001),
    ("no end in sight", b"data: " + X * 9),
    ("the name", b"data: a\nevent: " + X + b"x"),
    ("the id", b"data: a\nid: " + X + b"x"),
    ("the retry", b"data: a\nretry: " + b"1" + b"0" * BOUND),
    ("and more data", b"data: " + X + b"x\ndata: b\ndata: c"),
]  # fmt: skip


@pytest.mark.parametrize("block", [pytest.param(block, id=name) for name, block in OVERSIZED])
def test_oversized_event_is_left_out(block: bytes) -> None:
    """It is counted, and the events around it come out."""
    data = b"data: before\n\n" + block + b"\n\nevent: e\ndata: after\n\n"
    for pieces in cuts(data):
        events, decoder = decode(pieces, max_event_bytes=BOUND)
        assert shown(events) == [("message", "before", ""), ("e", "after", "")]
        assert decoder.skipped == 1


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(b"data: " + X, X, id="one line"),
        pytest.param(b"data: " + X[2:] + b"\ndata: x", X[2:] + b"\nx", id="two lines"),
        pytest.param(b": " + X * 3 + b"\nunknown: " + X * 3 + b"\ndata" + X * 3 + b"\ndata: a", b"a", id="what is ignored has no bound"),
    ],
)
def test_event_of_just_the_bound(block: bytes, expected: bytes) -> None:
    """The bound is for the values that are kept, and inclusive."""
    for pieces in cuts(block + b"\n\n"):
        events, decoder = decode(pieces, max_event_bytes=BOUND)
        assert (shown(events), decoder.skipped) == ([("message", expected.decode(), "")], 0)


def test_oversized_name_without_data_is_no_event() -> None:
    """Nothing is left out that would not have been an event."""
    assert decode([b"event: " + X + b"x\n\n"], max_event_bytes=BOUND)[1].skipped == 0


@pytest.mark.parametrize("line", [b"data: ", b": ", b"other: ", b"event: ", b"data: x\n", b"data\n", b": x\n", b"id: x\n"])
def test_memory_stays_within_the_bound(line: bytes) -> None:
    """Whatever never ends, lines or line, is held once, and only up to the bound."""
    bound, piece = 64 * 1024, line * 64 if line.endswith(b"\n") else b"x" * 512
    decoder = SSEDecoder(max_event_bytes=bound)
    decoder.feed(line)
    tracemalloc.start()
    try:
        for _ in range(1024 * 1024 // len(piece)):
            decoder.feed(piece)
        assert tracemalloc.get_traced_memory()[1] < 3 * bound
    finally:
        tracemalloc.stop()


LINE = b"data: " + b"x" * 57 + b"\n"


@pytest.mark.parametrize(("head", "piece"), [(b"data: ", LONG[:64]), (b": ", LONG[:64]), (b"event: ", LONG[:64]), (b"", LINE)])
def test_cost_is_linear_in_the_bytes(head: bytes, piece: bytes) -> None:
    """8 MiB in pieces of 64 bytes: a decoder that copies what it has at every piece would move 500 GB."""
    decoder = SSEDecoder()
    decoder.feed(head)
    started = time.process_time()
    for _ in range(8 * 1024 * 1024 // 64):
        decoder.feed(piece)
    events = decoder.feed(b"\ndata: y\n\n")
    assert time.process_time() - started < 5
    assert events[-1].data.endswith("y")
