"""What a recording says of a flow comes back exactly; what makes no sense is left out, and nothing raises."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.clock import LAST_TIME, rfc3339
from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.facts import MAX_BYTES, Facts, chunks_of, facts_of, said_events, said_text, sizes_text

START = 1.76e9
FIELDS = Facts.__struct_fields__
ACTION = RuleAction(time="t", flow="f", rule="r", mode="observe", action="block", detail="größer\u2028 \n")
REDACTION = RedactionDone(time="t", flow="f", rule="r", where="answer", kind="ai-key", count=2)


def later(times: list[float]) -> list[float]:
    """Increasing times of a clock: floats near now, some as close to each other as floats can be."""
    found, at = [], START
    for step in times:
        at = math.nextafter(at, math.inf) if step < 1e-6 else at + step
        found.append(at)
    return found


@given(st.lists(st.floats(0, 4000), min_size=1, max_size=200).map(later), st.floats(0, 10))
def test_times_come_back_exactly(times: list[float], before: float) -> None:
    """To the bit, although they are written as short decimals: two of a clock's readings never come out as one."""
    started = START - before
    kept = chunks_of(started, times, [1] * len(times), [1] * len(times))
    facts = facts_of(Facts(**kept._asdict()).metadata())
    assert facts
    assert [at for at, _ in facts.pieces(started, b"x" * len(times)).chunks()] == times


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_pieces_come_back_as_they_were(pieces: list[bytes], first: int, stop: int) -> None:
    times = [START + number for number in range(len(pieces))]
    sizes = list(map(len, pieces))
    found = Facts(**chunks_of(START, times, sizes, sizes)._asdict()).pieces(START, b"".join(pieces))
    chunks = list(zip(times, pieces, strict=True))
    first = min(first, len(pieces) - 1)
    assert found.chunks() == chunks and found.chunks(first) == chunks[first:] and found.chunks(0, stop) == chunks[:stop]
    assert found.together(first, len(pieces)) == [(times[-1], b"".join(pieces[first:]))]


def test_sizes_on_the_wire_are_kept_where_they_are_others() -> None:
    assert chunks_of(START, [START], [5], [5]).chunk_wire_bytes == ""
    assert chunks_of(START, [START], [5], [3]).chunk_wire_bytes == "[5]"
    assert chunks_of(START, [], [], []) == ("", "", "")


def test_a_pause_is_found() -> None:
    found = Facts(chunk_ms="[0,1000,7000,1]", chunk_bytes="[1,1,1,1]").pieces(START, b"abcd")
    assert [found.until_pause(first, 5.0) for first in range(4)] == [2, 2, 4, 4]
    assert found.until_pause(0, 10.0) == 4


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [("[1]", [b"abcd"]), ("[1,9]", [b"a", b"bcd"]), ("[2,1]", [b"ab", b"cd"]), ("[9,9]", [b"abcd", b""]), ("[0,0]", [b"", b"abcd"])],
)
def test_no_byte_is_lost_where_the_sizes_are_wrong(sizes: str, expected: list[bytes]) -> None:
    steps = "[1,1]" if "," in sizes else "[1]"
    assert [data for _, data in Facts(chunk_ms=steps, chunk_bytes=sizes).pieces(START, b"abcd").chunks()] == expected


def test_metadata_comes_back_and_has_no_more_than_it_must() -> None:
    facts = Facts(request_bytes=3, ended_at=START, ended="aborted", outcome="error", error="größer", upstream="u")
    kept = facts.metadata()
    assert set(kept) == {f"amp.{name}" for name in ("recording", "request_bytes", "ended_at", "ended", "outcome", "error", "upstream")}
    assert facts_of({**kept, "amp.endpoint": "x", "other": object(), b"amp.said": 1, 7: 8}) == facts


def test_events_of_rules_come_back_before_and_after() -> None:
    for before, after in (([ACTION], [REDACTION]), ([], [ACTION]), ([REDACTION, ACTION], []), ([], [])):
        assert said_events(said_text(before, after)) == (before, after)


@given(st.lists(st.integers(0, 10**9), max_size=20), st.data())
def test_sizes_that_differ_come_back(before: list[int], data: st.DataObject) -> None:
    after = [size if data.draw(st.booleans()) else size + 1 for size in before]
    text = sizes_text(before, after)
    assert Facts(data_bytes=text).sizes == Facts(message_bytes=text).message_sizes
    assert [Facts(data_bytes=text).sizes.get(number, size) for number, size in enumerate(after)] == before


TEXTS = ["", "x", "[1]", "[1e400]", "[1e308,1e308]", "[-1e308]", "[1,2", "[NaN]", "[\udcff]", "\udcff", "1:2 x:y \u0663:1 ²:1", "[" * 2000]
NUMBERS = [0, 1, -1, 10**30, -(10**30), MAX_BYTES + 1, LAST_TIME + 1, math.nan, math.inf, -1e300, 1.5, True, None]
NONSENSE = st.sampled_from([*TEXTS, *NUMBERS, "9" * 5000 + ":1", "aborted", "error", b"bytes", [1], [[]], {"a": 1}, {}, (1,), object()])


@given(st.dictionaries(st.sampled_from([f"amp.{name}" for name in FIELDS if name != "recording"]), NONSENSE), st.binary(max_size=20))
def test_nonsense_never_raises_and_gives_times_that_can_be_written(metadata: dict[str, Any], body: bytes) -> None:
    facts = facts_of({"amp.recording": 1, **metadata})
    if facts is None:
        return
    pieces = facts.pieces(START, body)
    chunks = pieces.chunks()
    assert b"".join(data for _, data in chunks) == body
    assert all(rfc3339(at) for at, _ in chunks) and pieces.until_pause(0, 5.0) <= len(chunks)
    assert facts.ended_at is None or rfc3339(facts.ended_at)
    assert all(isinstance(number, int) for number in [*facts.sizes, *facts.message_sizes.values()])
    said_events(facts.said)
    (facts.error + facts.upstream + facts.credential).encode()


@pytest.mark.parametrize("text", ["[\udcff]", "[1e400]", "[-1]", "{}", "[1", "[" * 5000, "[1.5]", '["1"]'])
def test_a_list_that_is_none_leaves_the_body_in_one_piece(text: str) -> None:
    assert len(Facts(chunk_ms="[1]", chunk_bytes=text).pieces(START, b"abc").chunks()) == 1
    assert said_events(text) == ([], [])


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"amp.recording": 2},
        {"amp.recording": "1"},
        {"amp.recording": 1, "amp.ended_at": math.nan},
        {"amp.recording": 1, "amp.ended_at": -1.0},
        {"amp.recording": 1, "amp.request_bytes": -1},
        {"amp.recording": 1, "amp.response_bytes": MAX_BYTES + 1},
        {"amp.recording": 1, "amp.response_cut": -1},
        {"amp.recording": 1, "amp.ended": "exploded"},
        {"amp.recording": 1, "amp.said": b"bytes"},
    ],
)
def test_a_flow_of_another_tool_and_one_that_makes_no_sense_have_no_facts(metadata: dict[Any, Any]) -> None:
    assert facts_of(metadata) is None


def test_numbers_too_long_to_be_sizes_are_left_out() -> None:
    assert Facts(data_bytes=f"{'9' * 5000}:1 2:{'9' * 5000} 3:4 ²:1 -1:1 :2 5: x").sizes == {3: 4}
