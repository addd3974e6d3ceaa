"""Arguments of tools: what the tool reads is what the filter made of each string, however the JSON is spelled and cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filters import NEW, WORD, Same, Swap, Upper, cut, places, swapped, texts

from amp_addons.core.answers.arguments import Arguments

VALUES = st.recursive(
    texts | st.sampled_from([1, -1.5e-7, True, False, None, 12345678901]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def fed(text: str, at: Any = (), begin: Any = Swap) -> str:
    arguments = Arguments(begin)
    out = "".join(map(arguments.feed, cut(text, at))) + arguments.flush()
    assert not arguments.broken
    return out


def spelled(value: Any, ascii: bool, indent: int | None, slashes: bool) -> str:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    return text.replace("/", "\\/").replace("<", "\\u003C") if slashes else text


SPELLINGS = st.tuples(st.booleans(), st.sampled_from([None, 1]), st.booleans())


@given(VALUES, SPELLINGS, places)
def test_the_tool_reads_what_the_filter_made_of_each_value(value: Any, how: tuple[bool, int | None, bool], at: list[int]) -> None:
    text = spelled(value, *how)
    assert json.loads(fed(text, at)) == swapped(value)
    assert fed(text, range(len(text))) == fed(text, at)


@given(VALUES, SPELLINGS, places)
def test_what_stays_keeps_its_spelling(value: Any, how: tuple[bool, int | None, bool], at: list[int]) -> None:
    text = spelled(value, *how)
    assert fed(text, at, Same) == text
    if swapped(value) == value:
        assert fed(text, at) == text


@given(texts, places)
def test_characters_after_a_change_keep_the_spelling_that_they_had(before: str, at: list[int]) -> None:
    text = json.dumps(before + WORD + before, ensure_ascii=True).replace("/", "\\/")
    half = json.dumps(swapped(before), ensure_ascii=True)[1:-1].replace("/", "\\/")
    if WORD not in before and WORD not in before + "the " and not before.endswith(("the", "the ")):
        assert fed(text, at).startswith('"' + half)
        assert fed(text, at).endswith(half + '"')


@pytest.mark.parametrize(
    ("pieces", "out"),
    [
        (['{"a":"x', '\\', 'n"}'], ['{"a":"X', "", '\\n"}']),
        (['"\\u00', 'e9"'], ['"', 'É"']),
        (['"\\ud83d', '\\ud', 'e00a"'], ['"', "", '\\ud83d\\ude00A"']),
        (['"\\ud83d', 'a"'], ['"', '\\ud83dA"']),
        (['"\\\\ud83d', 'a"'], ['"\\\\UD83D', 'A"']),
        (['{"k', 'ey":"v', 'alue"}'], ['{"k', 'ey":"V', 'ALUE"}']),
        (["[tr", "ue,1", '2,"a"]'], ["[tr", "ue,1", '2,"A"]']),
        (['{"a":"b"}{"c', '":"d"}'], ['{"a":"B"}{"c', '":"D"}']),
    ],
)  # fmt: skip
def test_an_escape_that_is_not_complete_waits(pieces: list[str], out: list[str]) -> None:
    arguments = Arguments(Upper)
    assert [*map(arguments.feed, pieces)] == out
    assert arguments.flush() == ""


def test_a_string_ends_where_it_ends() -> None:
    assert fed('["the ","proxy","the proxy"]') == f'["the ","proxy",{json.dumps(NEW, ensure_ascii=False)}]'


def test_what_is_held_of_arguments_that_break_off() -> None:
    arguments = Arguments(Swap)
    assert arguments.feed('{"a":"the\\u00') == '{"a":"'
    assert arguments.flush() == "the\\u00"
    assert arguments.flush() == ""


@pytest.mark.parametrize("text", ["the proxy", "{the proxy}", '{"a":"\\x the proxy"}', "]", '{"a"]', "nulll", "1a", "[" * 300, "'the'"])
def test_what_is_no_json_stays_from_there_on(text: str) -> None:
    for at in range(len(text)):
        arguments = Arguments(Upper)
        assert "".join(map(arguments.feed, [*cut(text, [at]), " the proxy"])) + arguments.flush() == text + " the proxy"
        assert arguments.broken


@given(st.text() | st.text('{}[]":,\\ut1 '), places)
def test_any_text_comes_out_as_it_is(text: str, at: list[int]) -> None:
    arguments = Arguments(Same)
    assert "".join(map(arguments.feed, cut(text, at))) + arguments.flush() == text
