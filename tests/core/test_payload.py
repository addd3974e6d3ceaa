from typing import Any

import msgspec
import pytest

from amp_addons.core.payload import PayloadDecoder, dumps, each_of, loads, well_formed


class Inner(msgspec.Struct):
    a: Any = None


class Outer(msgspec.Struct):
    one: Inner | None = None
    many: list[Inner] | None = None
    leaf: Any = None


CASES = [
    pytest.param('{"one":{"a":1},"many":[{"a":2}],"leaf":"x","other":1}', Outer(Inner(1), [Inner(2)], "x"), id="as expected"),
    pytest.param('{"one":7,"leaf":"x"}', Outer(None, None, "x"), id="no object where one is expected"),
    pytest.param('{"many":{"a":1},"leaf":"x"}', Outer(None, None, "x"), id="no list where one is expected"),
    pytest.param('{"many":[7,{"a":2}],"one":{"a":1}}', Outer(Inner(1), [Inner(2)]), id="one wrong item"),
    pytest.param('{"leaf":"\\ud83d","one":[]}', Outer(None, None, "\ud83d"), id="half a surrogate pair"),
    pytest.param('{"leaf":NaN,"one":{"a":1}}'.replace("NaN", "1"), Outer(Inner(1), None, 1), id="number"),
    pytest.param("[1]", None, id="a list"),
    pytest.param('{"leaf":', None, id="broken off"),
    pytest.param("[" * 100_000, None, id="deep"),
]


@pytest.mark.parametrize(("data", "expected"), CASES)
def test_one_wrong_field_loses_only_itself(data, expected):
    assert PayloadDecoder(Outer).decode(data) == expected


@pytest.mark.parametrize(("text", "expected"), [("größer 🚀", "größer 🚀"), ("\ud83d\ude80", "🚀"), ("\ud83dx", "\ufffdx")])
def test_text_is_made_well_formed(text, expected):
    assert well_formed(text) == expected


def test_json_that_is_none_is_none():
    assert loads("{") is None and dumps({"ä": 1}) == '{"ä": 1}'


LINES = [
    ['{"a":1}', '{"a":2}'],
    ['{"a":{"b":[{}]}}', ' {"a":"}\\n{"}'],
    ['{"a":1}'],
    ['{"a":1} {"a":2}'],
    ['{"a":1}{"a":2}', '{"a":3}'],
    ['{"a":[{}', ",{}]}"],
    ['{"a":[{}', "{}]}", '{"a":1} {"a":2}'],
    ['{"a":', "{}}", '{"a":1} {"a":2}'],
    ['{"a":{}', '{"b":1}}', "{}{}"],
    ["", '{"a":1}'],
    ['{"a":1}', "   "],
    ['{"a":1}', "[1]"],
    ['{"a":"\\ud83d"}'],
    [],
]


@pytest.mark.parametrize("lines", LINES)
def test_lines_at_once_are_what_each_is_by_itself(lines):
    decoder = msgspec.json.Decoder(Inner)

    def tried(read):
        try:
            return read()
        except (msgspec.DecodeError, UnicodeError) as error:
            return type(error)

    assert tried(lambda: each_of(decoder, lines)) == tried(lambda: [decoder.decode(line) for line in lines])
