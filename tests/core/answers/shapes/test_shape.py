"""What the modules of the APIs have in common."""

from amp_addons.core.answers.shapes import shape_of
from amp_addons.core.answers.shapes.shape import MAX_SCALAR, MAX_SCALARS, Place, Seen, Shape, dict_of, items_of, number_of, scalars_of


def test_a_text_is_added_only_where_there_is_one() -> None:
    seen = Seen()
    seen.add(("a",), "text", None)
    seen.add(("a",), "text", "")
    assert (seen.places, seen.unseen) == ([], False)
    seen.add(("a",), "text", "", (0,))
    seen.add(("b",), "tool", {"x": 1}, None, "json")
    assert (seen.places, seen.unseen) == ([Place(("a",), "text", "", (0,)), Place(("b",), "tool", form="below")], False)
    seen.add(("a",), "text", 1)
    assert seen.unseen


def test_values_of_other_types_are_left_out() -> None:
    assert (dict_of([1]), dict_of({"a": 1})) == ({}, {"a": 1})
    assert [*items_of([1, {"a": 1}])] == [("1", {"a": 1})]
    assert [*items_of({"a": 1})] == []
    assert (number_of(True, 7), number_of(3), number_of("3")) == (7, 3, 0)


def test_what_is_kept_of_an_event_is_bounded() -> None:
    event = {"id": "x", "long": "a" * MAX_SCALAR, "list": [1], "none": None} | {str(number): number for number in range(100)}
    kept = scalars_of(event)
    assert kept.keys() >= {"id", "none"}
    assert not kept.keys() & {"long", "list"}
    assert len(kept) < MAX_SCALARS


def test_an_api_that_is_not_known_has_no_shape() -> None:
    shape = shape_of("amp-connect")
    assert type(shape) is Shape
    assert shape.read({}).unseen
    assert shape.whole({}).unseen
    assert shape.quick(b"{}") is None
