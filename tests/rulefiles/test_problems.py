import pickle

import pytest

from amp_addons.rulefiles.node import Leaf, Mapping, Node, Sequence
from amp_addons.rulefiles.problems import MAX_PROBLEMS, MAX_SHOWN, Problem, RuleFileError, describe, key_path


def test_a_problem_says_where_what_and_what_instead() -> None:
    assert str(Problem("a.yaml", 3, 7, "rules[2].id", "'x'", "a name", " Did you mean 'y'?")) == (
        "a.yaml:3:7: rules[2].id: found 'x', expected a name. Did you mean 'y'?"
    )
    assert str(Problem("a.yaml", 0, 0, "", "nothing", "YAML")) == "a.yaml: found nothing, expected YAML."


def test_the_error_lists_its_problems_in_the_order_of_the_file() -> None:
    error = RuleFileError([Problem("a", 2, 1, "", "x", "y"), Problem("a", 1, 5, "", "x", "y"), Problem("a", 1, 2, "", "x", "y")])
    assert [(problem.line, problem.column) for problem in error.problems] == [(1, 2), (1, 5), (2, 1)]
    assert str(error).count("\n") == 2
    assert isinstance(error, ValueError)


def test_a_long_list_is_cut() -> None:
    error = RuleFileError([Problem("a", line, 1, "", "x", "y") for line in range(MAX_PROBLEMS + 5)])
    assert str(error).endswith("\nand 5 more")
    assert len(error.problems) == MAX_PROBLEMS + 5


@pytest.mark.parametrize(
    ("node", "key", "text"),
    [
        (Leaf(1, 1, "x"), "", "'x'"),
        (Leaf(1, 1, 5), "", "the number 5"),
        (Leaf(1, 1, True), "", "true"),
        (Leaf(1, 1, None), "", "nothing"),
        (Sequence(1, 1, [Leaf(1, 1, 1)]), "", "a list"),
        (Sequence(1, 1), "", "an empty list"),
        (Mapping(1, 1, {"a": Leaf(1, 1, 1)}), "", "keys and values"),
        (Mapping(1, 1), "", "nothing between the braces"),
        (Leaf(1, 1, "x" * 100), "", f"'{'x' * MAX_SHOWN}…'"),
        (Leaf(1, 1, "hunter2"), "password", "a text"),
        (Leaf(1, 1, 1234), "api_key", "a number"),
        (Leaf(1, 1, "sk-" + "a1" * 20), "url", "'***'"),
        (Leaf(1, 1, "a\x1b[2J"), "", None),
    ],
)
def test_what_stands_in_the_file_is_shown_shortly_and_never_a_secret(node: Node, key: str, text: str | None) -> None:
    found = describe(node, key)
    assert "\x1b" not in found
    assert text in (None, found)


def test_a_key_path() -> None:
    assert key_path(("rules", 2, "id")) == "rules[2].id"
    assert key_path((0, "a")) == "[0].a"
    assert key_path(()) == ""
    assert "\x1b" not in key_path(("\x1b[2J",))


def test_another_process_is_told_of_it_as_it_was() -> None:
    error = RuleFileError([Problem("a", number, 1, "", "x", "y") for number in range(MAX_PROBLEMS + 2)])
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, str(again)) == (error.problems, str(error))
