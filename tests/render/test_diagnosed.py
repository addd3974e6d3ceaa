from amp_addons.doctor.finding import failure, ok, skipped, warning
from amp_addons.render.diagnosed import counts, group
from amp_addons.render.palette import PLAIN, Palette

FOUND = [
    ok("a", "all is well here"),
    warning("b", "this may be wrong, and takes more words to say", "do that, which takes some words as well, or leave it"),
    failure("c", "this is wrong", "do this"),
    skipped("d", "not tried", "a hint"),
]


def test_lines():
    assert list(group(PLAIN, "Title", FOUND, 34)) == [
        "Title",
        "  ✓ all is well here",
        "  ! this may be wrong, and takes",
        "    more words to say",
        "    → do that, which takes some",
        "      words as well, or leave it",
        "  ✗ this is wrong",
        "    → do this",
        "  - not tried",
        "    → a hint",
    ]


def test_colours():
    palette = Palette(off="</>", dim="<dim>", strong="<b>", good="<good>", warning="<warn>", error="<bad>")
    assert list(group(palette, "T", FOUND[2:], 80)) == [
        "<b>T</>",
        "  <bad>✗</> this is wrong",
        "    → do this",
        "  <dim>-</> not tried",
        "    <dim>→ a hint</>",
    ]
    assert counts(palette, FOUND) == "<bad>1 failure</>, <warn>1 warning</>"


def test_counts():
    assert counts(PLAIN, FOUND[:1]) == "nothing is wrong"
    assert list(group(PLAIN, "T", [], 80)) == []


def test_long_words_are_left_whole():
    path = "/a/path/that-is/" * 5
    assert path in "".join(group(PLAIN, "T", [ok("a", f"see {path} there")], 30))
