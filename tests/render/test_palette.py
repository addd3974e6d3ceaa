import pytest

from amp_addons.render.palette import CATEGORIES, PLAIN, palette


def test_styles_are_escape_codes_of_the_terminals_own_colours():
    found = palette(True)
    assert (found.off, found.dim, found.error, found.of("inference")) == ("\x1b[0m", "\x1b[2m", "\x1b[1;31m", "\x1b[36m")
    assert all(found.of(category) for category in CATEGORIES)


@pytest.mark.parametrize("value", ["1", "anything"])
def test_no_color_is_obeyed(monkeypatch, value):
    monkeypatch.setenv("NO_COLOR", value)
    assert palette(True) == PLAIN


def test_empty_no_color_is_none(monkeypatch):
    """no-color.org: only when present and not empty."""
    monkeypatch.setenv("NO_COLOR", "")
    assert palette(True) != PLAIN


def test_no_colours_where_none_are_wanted():
    assert palette(False) == PLAIN
    assert PLAIN.of("inference") == PLAIN.off == ""


def test_category_of_another_catalog_has_no_colour():
    assert palette(True).of("something.new") == ""
