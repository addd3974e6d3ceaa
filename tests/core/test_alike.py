"""Runs found in long pieces: with what lies between them they are the piece, and each is what one by one would give."""

from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core import alike
from amp_addons.core.alike import runs_in
from amp_addons.core.sse import Run, SSEDecoder

EVENTS = st.sampled_from(
    [
        b'event: delta\ndata: {"text":"abcdefgh"}\n\n',
        "event: delta\ndata: größer\n\n".encode(),
        b"data: x\n\n",
        b"data: \n\n",
        b"data:y\n\n",
        b"event: other\ndata: 1\n\n",
        b"id: 7\ndata: 1\n\n",
        b"id: 8\n\n",
        b": comment\n\n",
        b"data: a\ndata: b\n\n",
        b"event: delta\n\n",
        b"\n\n",
        b"data: unfin",
    ]
)
STREAMS = st.lists(st.tuples(EVENTS, st.integers(1, 120)), max_size=8).map(lambda parts: b"".join(event * count for event, count in parts))


def unfolded(pieces, id=""):
    """What a decoder makes of the runs and of the bytes between them."""
    decoder, found = SSEDecoder(), []
    decoder.feed(b"\n")
    for piece in pieces:
        found += piece.events() if isinstance(piece, Run) else decoder.feed(piece)
    return [(event.event, event.data) for event in found]


@given(STREAMS)
def test_runs_and_what_is_between_them_are_the_whole(data):
    decoder = SSEDecoder()
    decoder.feed(b"\n")
    assert unfolded(runs_in(data, "")) == [(event.event, event.data) for event in decoder.feed(data)]


def test_a_long_run_is_found_between_other_events():
    event = b'event: delta\ndata: {"text":"abcdefgh"}\n\n'
    first, run, last = list(runs_in(b"data: begin\n\n" + event * 100 + b"data: end\n\n", "7"))
    assert (first, last) == (b"data: begin\n\n", b"data: end\n\n")
    assert isinstance(run, Run) and len(run.data) == 100 and {(each.event, each.id) for each in run.events()} == {("delta", "7")}


def test_two_runs_of_a_kind_with_another_event_between():
    event = b"event: delta\ndata: %b\n\n" % (b"x" * 50)
    found = list(runs_in(event * 40 + b"event: ping\ndata: {}\n\n" + event * 40, ""))
    assert [len(each.data) if isinstance(each, Run) else each for each in found] == [40, b"event: ping\ndata: {}\n\n", 40]


def test_ever_new_kinds_are_not_looked_at_for_ever():
    """Each look may go through all that follows: after some in vain the rest is left as it is."""
    data = b"".join(b"event: e%d\ndata: x\n\n" % number for number in range(alike._MAX_MISSES)) + b"data: y\n\n" * 1000
    assert list(runs_in(data, "")) == [data]
    assert len(list(runs_in(data[data.index(b"event: e1\n") :], ""))) == 2
