from amp_addons.core.rules.examples import Difference
from amp_addons.render.checked import Checked, Tried, report
from amp_addons.render.palette import PLAIN, Palette
from amp_addons.rulefiles.problems import Problem

FOUND = [
    Checked(("a.yaml", "b.yaml"), 2, warnings=("w\x1b[2J",), tests=(Tried("one", ()), Tried("two", (Difference("status", "1", "2"),)))),
    Checked(("c.yaml",), problems=(Problem("c.yaml", 1, 2, "rules", "a", "b"),)),
]


def test_lines() -> None:
    assert list(report(PLAIN, FOUND)) == [
        "a.yaml, b.yaml",
        "  ! w\\x1b[2J",
        "  ✓ one",
        "  ✗ two",
        "      status: found 1, expected 2",
        "c.yaml",
        "  ✗ c.yaml:1:2: rules: found a, expected b.",
        "3 files, 2 rules, 1 problem, 1 warning, 2 tests, 1 passed, 1 failed",
    ]
    assert [checked.ok for checked in FOUND] == [False, False]


def test_every_colour_ends_in_its_line() -> None:
    palette = Palette(off="<off>", dim="<d>", strong="<s>", good="<g>", warning="<w>", error="<e>", unknown="<u>")
    for line in report(palette, FOUND):
        begun = sum(line.count(style) for style in ("<d>", "<s>", "<g>", "<w>", "<e>", "<u>"))
        assert begun == line.count("<off>")
