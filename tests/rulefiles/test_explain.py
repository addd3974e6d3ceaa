"""The sentences, one for each way in which a value can be wrong."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from amp_addons.core.fields import FieldError
from amp_addons.rulefiles.explain import explain
from amp_addons.rulefiles.yamlfile import parse


def even(text: str) -> None:
    if len(text) % 2:
        raise ValueError("an even number of letters")


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    low: int
    high: int = 10

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise FieldError("low", str(self.low), f"at most {self.high}")


class Loose(msgspec.Struct):
    low: int

    def __post_init__(self) -> None:
        if not self.low:
            raise ValueError("low must not be 0")


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern="^[a-z]+$", description="lower-case letters")] = "x"
    mode: Literal["enforce", "observe"] = "observe"
    text: str = ""
    count: Annotated[int, msgspec.Meta(ge=1, lt=5)] = 1
    ratio: float | None = None
    on: bool = True
    paths: Annotated[str, msgspec.Meta(extra={"check": even})] | tuple[Annotated[str, msgspec.Meta(extra={"check": even})], ...] = ()
    names: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("x",)
    short: Annotated[str, msgspec.Meta(max_length=3)] = ""
    numbers: dict[str, int] = {}
    inner: Inner | None = None
    loose: Loose | None = None
    any: Any = None
    all_of: tuple["Rule", ...] = msgspec.field(default=(), name="all")


def said(text: str) -> list[str]:
    return [str(problem).removeprefix("f:") for problem in explain(parse(text, "f"), Rule)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: X1", "1:5: id: found 'X1', expected lower-case letters."),
        ("mode: enforced", "1:7: mode: found 'enforced', expected one of enforce, observe. Did you mean 'enforce'?"),
        ("mode: 5", "1:7: mode: found the number 5, expected one of enforce, observe."),
        ("mod: enforce", "1:1: mod: found an unknown key, expected one of id, mode, "),
        ("text: 1.10", "1:7: text: found the number 1.1, expected text. Put it in quotes."),
        ("text: true", "1:7: text: found true, expected text. Put it in quotes."),
        ("text:", "1:6: text: found nothing, expected text."),
        ("text: [a]", "1:7: text: found a list, expected text."),
        ("count: 0", "1:8: count: found the number 0, expected a whole number (at least 1, less than 5)."),
        ("count: 5", "1:8: count: found the number 5, expected a whole number (at least 1, less than 5)."),
        ("count: 1.5", "1:8: count: found the number 1.5, expected a whole number (at least 1, less than 5)."),
        ("ratio: a", "1:8: ratio: found 'a', expected a number."),
        ("on: yes", "1:5: on: found 'yes', expected true or false."),
        ("paths: abc", "1:8: paths: found 'abc', expected an even number of letters."),
        ("paths: [ab, abc]", "1:13: paths[1]: found 'abc', expected an even number of letters."),
        ("paths: {a: b}", "1:8: paths: found keys and values, expected text, or a list of such."),
        ("names: []", "1:8: names: found an empty list, expected a list of text (at least 1 long)."),
        ("short: long", "1:8: short: found 'long', expected text (at most 3 long)."),
        ("numbers: {a: 1, b: x}", "1:20: numbers.b: found 'x', expected a whole number."),
        ("inner: {}", "1:8: inner: found no 'low', expected the key 'low' (a whole number)."),
        ("inner: {low: 1, high: x}", "1:23: inner.high: found 'x', expected a whole number."),
        ("inner: {low: 11}", "1:14: inner.low: found 11, expected at most 10."),
        ("loose: {low: 0}", "1:8: loose: found keys and values that do not go together, expected low must not be 0."),
        ("all:\n - {id: a}\n - {all: [{idd: b}]}", "3:12: all[1].all[0].idd: found an unknown key, expected one of id, "),
        ("5", "1:1: found the number 5, expected keys and values."),
    ],
)
def test_the_sentence(text: str, message: str) -> None:
    (found,) = said(text)
    assert found.startswith(message)


@pytest.mark.parametrize(
    "text",
    ["{}", "ratio: 1", "ratio: ~", "any: [1, {a: b}]", "loose: {low: 1, other: x}", "paths: [ab]", "mode: observe", "inner: {low: 1}"],
)
def test_nothing_is_said_against_what_is_right(text: str) -> None:
    assert said(text) == []


def test_each_problem_has_a_sentence_of_its_own() -> None:
    assert [line.partition(":")[0] for line in said("mode: x\ncount: 9\ninner: {}\nzzz: 1\ntext: 1")] == ["1", "2", "3", "4", "5"]


def test_a_secret_is_not_repeated() -> None:
    class Upstream(msgspec.Struct):
        token: int

    (problem,) = explain(parse("token: hunter2", "f"), Upstream)
    assert problem.found == "a text"
