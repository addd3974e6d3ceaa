from typing import Any

from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Engine
from amp_addons.core.redact.hits import Hit, Hits


def hits(*keywords: str, **fields: Any) -> Hits:
    return Hits(Engine([Detector(**{"id": "x", "description": "", "keywords": keywords, **fields})]), 0)


def never(number: int, place: int) -> bool:
    return False


def test_matches_are_decided_in_their_order_and_apart_from_each_other() -> None:
    one = hits("kk", pattern="kk[0-9k]{2,6}", edge="none")
    for start in (4, 0, 2):
        one.add(Hit(start, start, start))
    assert one.settle(b"kkkk1kk2 kk", 100 - 100, None) == [(0, 8, 0)]
    assert one.waiting == []


def test_places_count_from_the_beginning_of_the_stream() -> None:
    one = hits("kk", pattern="kk[0-9]{2}", edge="none")
    one.add(Hit(101, 101, 101))
    assert one.settle(b" kk12", 100, None) == [(101, 105, 0)]


def test_what_is_open_waits() -> None:
    one = hits("kk", pattern="kk[0-9]{2}", edge="left", run="word")
    one.add(Hit(0, 0, 0))
    assert one.settle(b"kk12", 0, lambda number, place: place >= 0) == []
    assert one.settle(b"kk12ab", 0, never) == []  # it goes on
    assert one.hold == 0
    assert one.settle(b"kk12ab.", 0, never) == [(0, 6, 0)]


def test_a_refused_value_is_searched_for_another() -> None:
    one = hits("k=", pattern="k=(?P<secret>[0-9a-z=]{6})", edge="none", check="mixed")
    one.add(Hit(0, 2, 2))
    assert one.settle(b"k=k=aaa1b2 ", 0, None) == [(4, 10, 0)]


def test_of_several_starts_only_keywords_count() -> None:
    one = hits("kk", pattern="kk[0-9]{2}")
    one.add(Hit(0, 12, 0))
    assert one.settle(b"akk12 kk34 kk56 ", 0, None) == [(6, 10, 0), (11, 15, 0)]


def test_a_match_without_a_keyword_counts_near_one_alone() -> None:
    data = b"a bar1234far" + b"." * 200
    for places, final, expected in (([], True, []), ([9], True, [(5, 9, 0)]), ([9], False, [(5, 9, 0)]), ([], False, []), ([20], True, [])):
        one = hits("far", pattern="[0-9]{4}", edge="none")
        one.places += places
        one.add(Hit(5, 5, 5))
        assert one.settle(data, 0, None if final else never) == expected
        assert one.waiting == []


def test_a_keyword_may_still_come() -> None:
    one = hits("far", pattern="[0-9]{4}", edge="none")
    one.add(Hit(5, 5, 5))
    assert one.settle(b"a bar1234", 0, never) == []
    one.places.append(9)
    assert one.settle(b"a bar1234far", 0, never) == [(5, 9, 0)]
