from amp_addons.core.redact.beginnings import Family
from amp_addons.core.redact.candidate import Candidate
from amp_addons.core.redact.prefixes import Automaton, Store


def family(*patterns: str) -> Family:
    return Family(tuple(range(len(patterns))), Automaton(patterns, "secret", Store()), 20)


def test_where_a_secret_begins_is_known_while_it_is_open() -> None:
    one = Candidate(family("k[a-z]{0,9}(?:=(?P<secret>[0-9]{3}))?x"), 10)
    assert one.read(b"kab=", 10) and one.since == -1
    assert one.read(b"12", 14) and one.since == 14
    assert not one.read(b"a", 16)


def test_one_that_was_complete_is_so_for_each_detector_when_it_can_get_no_longer() -> None:
    one = Candidate(family("ab", "abc{1,5}", "abx"), 0)
    assert one.read(b"ab", 0)
    assert one.finished() == []  # it may be longer
    assert one.read(b"c", 2)
    assert (one.finished(), one.low, one.is_open(0), one.is_open(1), one.is_open(7)) == ([0], 0, False, True, False)
    assert not one.read(b".", 3)
    assert one.finished() == [1]
    assert one.finished() == []


def test_two_taken_together_are_open_as_long_as_either() -> None:
    known = family("a[ab]{0,3}c", "ab?c")
    first, second = Candidate(known, 0), Candidate(known, 1)
    assert first.read(b"aab", 0) and second.read(b"ab", 1)
    first.take(second)
    assert (first.start, first.latest, first.since, first.is_open(0), first.is_open(1)) == (0, 1, 0, True, True)
    assert first.read(b"c", 3)
    assert not first.read(b".", 4)
    assert (first.finished(), first.low) == ([0, 1], 0)
