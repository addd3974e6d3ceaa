import pytest

from amp_addons.core.rules.decision import Changes, Secret

ONE = Changes(set_headers={"X-A": "1"}, set_body={"/a": 1, "/b/c": 1}, remove_body=("/d",), remove_headers=("x-c",), model="m")
LATER = [
    pytest.param(Changes(), ONE, id="nothing"),
    pytest.param(Changes(model="n").then(Changes()), Changes(model="n"), id="a model stays"),
    pytest.param(ONE.then(Changes(model="n")).model, "n", id="the later model"),
    pytest.param(ONE.then(Changes(remove_headers=("x-a",))).set_headers, {}, id="a header set and then removed"),
    pytest.param(
        ONE.then(Changes(set_headers={"x-a": "2"})).set_headers, {"X-A": "1", "x-a": "2"}, id="a header set twice: the last is set last"
    ),
    pytest.param(ONE.then(Changes(set_headers={"X-C": "2"})).set_headers["X-C"], "2", id="a header removed and then set"),
    pytest.param(ONE.then(Changes(remove_body=("/a",))).set_body, {"/b/c": 1}, id="a value set and then removed"),
    pytest.param(ONE.then(Changes(set_body={"/b": 2})).set_body, {"/a": 1, "/b": 2}, id="what is in a value that is set later"),
    pytest.param(ONE.then(Changes(set_body={"/d": 2})).remove_body, (), id="a value removed and then set"),
    pytest.param(ONE.then(Changes(set_body={"/a2": 2})).set_body, {"/a": 1, "/b/c": 1, "/a2": 2}, id="another that begins alike"),
]


@pytest.mark.parametrize(("found", "expected"), LATER)
def test_the_later_change_wins(found: object, expected: object) -> None:
    assert (ONE.then(found) if isinstance(found, Changes) and not found else found) == expected


def test_a_secret_is_never_printed() -> None:
    secret = Secret("the value")
    assert "the value" not in f"{secret} {secret!r} {[secret]}"


def test_no_change_is_none() -> None:
    assert not Changes()
    assert Changes(remove_body=("/a",))
