from typing import Annotated

import msgspec
import pytest

from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.schema import decode
from amp_addons.rulefiles.yamlfile import parse


class Item(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    size: int = 0


class Top(msgspec.Struct, forbid_unknown_fields=True):
    items: tuple[Item, ...] = ()
    name: str | None = None


def load(text: str) -> Top:
    return decode(parse(text, "f"), Top, unique=[("items", "id")])


def test_a_good_file_becomes_a_value() -> None:
    assert load("items: [{id: a, size: 1}, {id: b}]\nname: x") == Top((Item("a", 1), Item("b")), "x")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("items: [{id: a}, {id: a}]", ["f:1:23: items[1].id: found 'a' again (first in line 1), expected each id once in a file."]),
        ("items: [{id: a}, {id: a}, {id: a}]\nnam: x\nname: 5", ["f:1:23", "f:1:32", "f:2:1", "f:3:7"]),
        ("items:\n - {id: a}\n - {id: a}\nname: x\nname: y", ["f:3:9", "f:5:1"]),
        ("items: [a, {id: 1}, {id: 1}]", ["f:1:9", "f:1:17", "f:1:26"]),
        ("items: 5\nname: !x y", ["f:1:8", "f:2:7"]),
        ("", ["f:1:1: found nothing, expected keys and values."]),
        ("[1]", ["f:1:1: found a list, expected keys and values."]),
    ],
)
def test_everything_that_is_wrong_is_said_in_one_go(text: str, lines: list[str]) -> None:
    with pytest.raises(RuleFileError) as error:
        load(text)
    found = str(error.value).split("\n")
    assert len(found) == len(lines)
    assert all(message.startswith(expected) for message, expected in zip(found, lines, strict=True))


def test_what_the_walk_does_not_understand_is_refused_all_the_same() -> None:
    class Even(msgspec.Struct):
        number: Annotated[int, msgspec.Meta(multiple_of=2)]

    with pytest.raises(RuleFileError, match="multiple of 2"):
        decode(parse("number: 3", "f"), Even)
