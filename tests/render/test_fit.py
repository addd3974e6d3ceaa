import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.display import HARMLESS, HOSTILE

from amp_addons.render.fit import clip, pad, squeeze

CUTS = [
    pytest.param(clip, "claude", 6, "claude", id="fits"),
    pytest.param(clip, "claude", 5, "clau…", id="cut"),
    pytest.param(clip, "claude", 1, "…", id="one cell"),
    pytest.param(clip, "claude", 0, "", id="no room"),
    pytest.param(clip, "模型模型", 8, "模型模型", id="wide fits"),
    pytest.param(clip, "模型模型", 7, "模型模…", id="wide cut between characters"),
    pytest.param(clip, "模型模型", 6, "模型…", id="no half of a wide character"),
    pytest.param(clip, "a🌙b", 3, "a…", id="emoji counts two"),
    pytest.param(clip, HOSTILE, 40, HARMLESS, id="hostile"),
    pytest.param(pad, "ab", 4, "ab  ", id="filled"),
    pytest.param(pad, "模", 4, "模  ", id="wide filled"),
    pytest.param(pad, "abcdef", 4, "abc…", id="filled and cut"),
    pytest.param(squeeze, "/api/provider/google/v1/models", 17, "/api/…/v1/models", id="middle out, segments whole"),
    pytest.param(squeeze, "abcdefghijklmnop", 10, "abc…klmnop", id="middle out, no segments"),
    pytest.param(squeeze, "/api/aaaaaaaaaaaaaaaaaaaaaaaaaaa/b", 16, "/api/…aaaaaaa/b", id="long segment cut"),
    pytest.param(squeeze, "/api/user", 9, "/api/user", id="squeezed fits"),
    pytest.param(squeeze, "/模型/模型/模型", 8, "/模型/…", id="wide loses its end"),
    pytest.param(squeeze, "/api\x1b[2J", 40, r"/api\x1b[2J", id="hostile path"),
]


@pytest.mark.parametrize(("cut", "text", "width", "expected"), CUTS)
def test_text_is_cut_by_cells_with_an_ellipsis(cut, text, width, expected):
    assert cut(text, width) == expected


@given(text=st.text(max_size=60), width=st.integers(0, 30))
def test_nothing_is_wider_than_its_room_or_steers_the_terminal(text, width):
    for cut in (clip, pad, squeeze):
        found = cut(text, width)
        assert cell_len(found) <= width
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in found)
    assert cell_len(pad(text, width)) == width


def test_heap_of_combining_marks_ends():
    assert len(clip("a" + "\u0301" * 100_000, 10)) < 50
