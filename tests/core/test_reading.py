"""What all APIs' readings share: bounded text and errors in all their shapes."""

import functools
import tracemalloc

import pytest

from amp_addons.core import reading
from amp_addons.core.reading import MAX_ERRORS, ReadError, Reading


def test_text_thinking_and_refusal_are_joined_apart():
    read = Reading()
    for piece in ("a", "é", "ﬀ"):
        read.add_text(piece)
        read.add_thinking(piece * 2)
        read.add_refusal(piece * 3)
    assert (read.text, read.thinking, read.refusal) == ("aéﬀ", "aaééﬀﬀ", "aaaéééﬀﬀﬀ")


def test_text_can_be_asked_for_on_the_way():
    read = Reading()
    read.add_text("a\r\n")
    assert read.text == "a\r\n"
    read.add_text("b")
    assert read.text == "a\r\nb"


def test_text_of_all_kinds_is_bounded_together(monkeypatch):
    monkeypatch.setattr(reading, "MAX_TEXT", 10)
    read = Reading()
    for add in (read.add_text, read.add_thinking, read.add_refusal, read.add_text):
        add("1234")
    assert (read.text, read.thinking, read.refusal) == ("1234", "1234", "")


def test_many_small_pieces_take_little_more_memory_than_their_text():
    read = Reading()
    tracemalloc.start()
    for number in range(100_000):
        read.add_text(f"{number % 100:02}")
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(read.text) == 200_000
    assert size < 4 * 200_000


ERRORS = [
    pytest.param({"type": "overloaded_error", "message": "Overloaded"}, "overloaded_error", "Overloaded", id="type"),
    pytest.param({"code": 503, "status": "UNAVAILABLE", "message": "later"}, "UNAVAILABLE", "later", id="status before code"),
    pytest.param({"code": 429, "message": "slow down"}, "429", "slow down", id="code"),
    pytest.param({"error": {"type": "x", "message": "inner"}}, "x", "inner", id="an object around it"),
    pytest.param({"detail": "outer", "error": {"message": "inner"}}, "error", "inner", id="an object with a detail around it"),
    pytest.param({"error": "text"}, "error", "text", id="text in an object"),
    pytest.param({"error": "invalid_grant", "message": "expired"}, "error", "expired", id="text beside a message"),
    pytest.param({"detail": "not found"}, "error", "not found", id="detail"),
    pytest.param("text", "error", "text", id="text"),
    pytest.param(None, "error", "", id="nothing"),
    pytest.param([1], "error", "", id="list"),
    pytest.param({"code": 10**5000, "message": {}}, "error", "", id="neither number nor text to show"),
    pytest.param({"type": "x" * 300, "message": "y" * 3000}, "x" * 200, "y" * 2000, id="too long"),
    pytest.param(functools.reduce(lambda inner, _: {"error": inner}, range(100_000), {"message": "deep"}), "error", "deep", id="deep"),
]


@pytest.mark.parametrize(("error", "kind", "message"), ERRORS)
def test_error_of_any_shape_has_type_and_message(error, kind, message):
    read = Reading()
    read.add_error_of(error)
    assert read.errors == [ReadError(kind, message)]


def test_error_said_twice_is_one_and_their_number_is_bounded():
    read = Reading()
    for number in range(3 * MAX_ERRORS):
        read.add_error("error", str(number // 2))
    assert len(read.errors) == MAX_ERRORS
    assert [error.message for error in read.errors[:3]] == ["0", "1", "2"]


def test_halves_of_a_surrogate_pair_are_joined_and_lone_ones_replaced():
    read = Reading()
    for piece in ("a\ud83d", "\ude80b", "\udc00"):
        read.add_text(piece)
    assert read.text == "a🚀b\N{REPLACEMENT CHARACTER}"
