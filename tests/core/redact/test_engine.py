import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.redact import engine
from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Engine, Finding, TooManyFindings, merge

KEY = Detector(id="key", description="", keywords=("key-",), pattern="key-[0-9]{4,8}", kind="chat")
PAIR = Detector(id="pair", description="", keywords=("pair",), pattern="pair [a-z]{3} key-[0-9]{4}", kind="web")
GREEDY = Detector(id="greedy", description="", keywords=("a",), pattern="a[^b]{0,100}b", edge="none", begins=True)
NESTED = Detector(
    id="nested", description="", keywords=("xx_key_xx", "key"), pattern="(?:xx_key_xx|key)=[0-9]{2}", edge="none", begins=True
)


def spans(text: str, *detectors: Detector) -> list[tuple[str, str]]:
    return [(one.detector, text[one.start : one.end]) for one in Engine(detectors).find(text)]


def test_a_finding_tells_the_place_and_never_the_secret() -> None:
    (found,) = Engine([KEY]).find("the key-1234")
    assert found == Finding("key", "chat", 4, 12)
    assert "1234" not in repr(found)


@pytest.mark.parametrize("around", ["", "naïve ", "ключ=", "😀", "\x00", "\ud800", "\udfff\ud83d", "\r\n", "\u2028"])
def test_places_are_characters_whatever_stands_before_and_after(around: str) -> None:
    text = f"{around} key-1234 {around}{around} key-5678 {around}"
    assert spans(text, KEY) == [("key", "key-1234"), ("key", "key-5678")]


def test_what_overlaps_is_one_finding_with_the_name_of_the_widest() -> None:
    assert spans("a pair abc key-1234 b", KEY, PAIR) == [("pair", "pair abc key-1234")]
    assert merge([(5, 9, 1), (0, 6, 0), (20, 21, 2), (8, 12, 3)]) == [(0, 12, 0), (20, 21, 2)]
    assert merge([(0, 4, 0), (0, 4, 1)]) == [(0, 4, 0)]
    assert merge([(0, 4, 0), (4, 8, 1)]) == [(0, 4, 0), (4, 8, 1)]


def test_keywords_inside_of_keywords() -> None:
    assert spans("xx_key_xx=12 key=34 xx_key_xx=56", NESTED) == [
        ("nested", "xx_key_xx=12"),
        ("nested", "key=34"),
        ("nested", "xx_key_xx=56"),
    ]


def test_the_later_of_two_detectors_with_one_id_counts() -> None:
    assert spans("key-1234 pair", KEY, Detector(id="key", description="", keywords=("pair",), pattern="pair")) == [("key", "pair")]


def test_nothing_to_find_with() -> None:
    assert Engine([]).find("key-1234") == []
    assert Engine([KEY]).find("") == []


@given(st.lists(st.sampled_from(["key-", "1234", "key-1234", "é", " ", "a", "\ud800", "\\n", "-", "%3D", "pair "]), max_size=40))
def test_looking_near_keywords_finds_what_looking_everywhere_does(parts: list[str]) -> None:
    text = "".join(parts)
    data = text.encode("utf-8", "replace")
    everywhere, at = [], 0
    while (start := (found := KEY.shape.search(data, at, len(data)))[0][0]) >= 0:
        _, last = found[1]
        if engine.stands_apart(data, start):
            everywhere.append(data[start:last].decode())
        at = last if engine.stands_apart(data, start) else start + 1
    assert [secret for _, secret in spans(text, KEY)] == everywhere


def test_keyword_inside_of_a_secret_leads_to_nothing_after_it() -> None:
    """What follows begins right after a letter, so it is none."""
    detector = Detector(id="eight", description="", keywords=("key-",), pattern="key-[a-z-]{8}[0-9]{0,90}", edge="left")
    assert spans("key-a-key-bbkey-cdefghij" + " " * 500, detector) == [("eight", "key-a-key-bb")]


@given(st.lists(st.sampled_from(["key-", "key=12", "xx_", "_xx", "aaab", "ab", "a" * 60, "b", " "]), min_size=1, max_size=40))
def test_keywords_are_looked_at_one_by_one_or_together_with_the_same_result(parts: list[str]) -> None:
    """Ten thousand bytes without a keyword make them sparse."""
    text = "".join(parts) + " "
    assert spans(text * 3, GREEDY, NESTED, KEY) == spans(text * 3 + "." * 10_000 * len(parts), GREEDY, NESTED, KEY)


@given(st.text(st.characters(), max_size=200))
def test_any_text_is_fine(text: str) -> None:
    found = Engine([KEY, PAIR, GREEDY, NESTED]).find(text)
    places = [place for one in found for place in (one.start, one.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


def test_many_findings_are_found_and_too_many_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "key-1234 and more filler text, more of it, and more still: it makes up the rest of about one hundred bytes " * 20_000
    assert len(Engine([KEY]).find(text)) == 20_000
    monkeypatch.setattr(engine, "MAX_FINDINGS", 19_999)
    with pytest.raises(TooManyFindings, match="19,999"):
        Engine([KEY]).find(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 500_000,
        "ab" * 60_000,
        "key-" * 125_000,
        "a" + "x" * 500_000,
        "".join(random.Random(1).choices(string.ascii_lowercase, k=500_000)),
    ],
)
def test_time_grows_with_the_text_only(text: str) -> None:
    """Seconds would be quadratic; the bound is far from what is needed, so that a busy machine does not break it."""
    started = time.process_time()
    Engine([KEY, GREEDY, NESTED]).find(text)
    assert time.process_time() - started < 5
