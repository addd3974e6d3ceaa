"""Options, from keyword arguments and from headers."""

import pytest

from amp_addons.sim.behaviour import Behaviour, asked


def test_headers_name_the_fields():
    headers = [(b"Accept", b"*/*"), (b"X-Sim-Pace", b"0.5"), (b"x-sim-thinking", b"true"), (b"x-sim-tools", b"2")]
    assert Behaviour().changed(asked(headers)) == Behaviour(pace=0.5, thinking=True, tools=2)


def test_nothing_asked_is_the_same_object():
    behaviour = Behaviour(seed=1)
    assert behaviour.changed({}) is behaviour


def test_later_options_keep_the_earlier_ones():
    assert Behaviour(seed=1).changed({"events": 3}) == Behaviour(seed=1, events=3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"pace": -1}, "pace is -1", id="negative"),
        pytest.param({"pace": "fast"}, "$.pace", id="no number"),
        pytest.param({"events": 10**9}, "expected 0 to", id="too many"),
        pytest.param({"events": 10**6, "size": 10**6}, "events times size", id="too much"),
        pytest.param({"encoding": "lzma"}, "expected one of: gzip, deflate, br, zstd", id="encoding"),
        pytest.param({"error": "oops"}, "error is 'oops'", id="fault"),
        pytest.param({"error": "200"}, "error is '200'", id="no error status"),
        pytest.param({"colour": "red"}, "colour", id="unknown"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(ValueError, match="simulator option") as raised:
        Behaviour().changed(options)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("encoding", "codings"), [("identity", []), ("auto", []), ("gzip", ["gzip"]), ("gzip, br", ["gzip", "br"]), ("br,identity", ["br"])]
)
def test_codings(encoding, codings):
    assert Behaviour(encoding=encoding).codings == codings
