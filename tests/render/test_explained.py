import msgspec
import pytest
from rich.cells import cell_len

from amp_addons.core.rules.comparison import Line
from amp_addons.core.rules.explanation import Asked, Explanation, Result, Ruled
from amp_addons.render.explained import WIDE, report
from amp_addons.render.palette import PLAIN, Palette

ASKED = Asked(
    method="POST",
    url="https://a.example/x",
    endpoint="e",
    category="other",
    provider=None,
    route="external",
    api=None,
    catalog=None,
    known=False,
)
FOUND = Explanation(
    request=ASKED,
    rules=(
        Ruled(rule="watch", mode="observe", matched=True, reached=True, action="block"),
        Ruled(rule="maybe", mode="observe", matched=False, reached=True, unreadable="two readings"),
        Ruled(rule="no", mode="enforce", matched=False, reached=True, failed="host"),
        Ruled(rule="away", mode="enforce", matched=True, reached=True, action="route", detail="to up"),
        Ruled(rule="late", mode="enforce", matched=True, reached=False),
    ),
    result=Result(action="route", rule="away", upstream="up", proxy="http://p:1", kept_credentials=("cookie",)),
    lines=(
        Line(part="url", before="https://a.example/x", after="https://b.example/x", change="changed"),
        Line(part="query", name="key", before="***", change="dropped"),
        Line(part="header", name="Accept", before="a", after="a", change="same"),
        Line(part="header", name="X-New", after="b", change="added"),
    ),
)
HEAD = [
    "POST https://a.example/x",
    "e · other · external, in no catalog",
    "",
    "~ watch  observed    would block",
    "~ maybe  undecided   two readings",
    "○ no     no match    by host",
    "✓ away   matched     route: to up",
    "· late   not reached it would match",
    "",
    "It goes to up through http://p:1, by rule away.",
    "Of the client's credentials these go along: cookie.",
    "",
]


def test_beside_each_other_where_there_is_room() -> None:
    assert list(report(PLAIN, WIDE, FOUND)) == [
        *HEAD,
        "                            as it came           as it is sent",
        "~ url                       https://a.example/x  https://b.example/x",
        "- ?key                      ***",
        "  Accept                    a                    a",
        "+ X-New                                          b",
    ]


def test_one_below_the_other_where_there_is_not() -> None:
    assert list(report(PLAIN, WIDE - 1, FOUND)) == [
        *HEAD,
        "as it came",
        "~ url                       https://a.example/x",
        "- ?key                      ***",
        "  Accept                    a",
        "as it is sent",
        "~ url                       https://b.example/x",
        "  Accept                    a",
        "+ X-New                     b",
    ]


@pytest.mark.parametrize("width", [40, 60, WIDE, 200])
def test_no_line_of_the_requests_is_wider_than_the_terminal(width: int) -> None:
    long = [Line(part="header", name="X" * 60, before="b" * 900, after="世" * 900, change="changed")]
    long += [Line(part="url", before="https://a.example/" + "p" * 900, after="https://a.example/" + "q" * 900, change="changed")]
    lines = list(report(PLAIN, width, msgspec.structs.replace(FOUND, lines=tuple(long))))
    assert all(cell_len(line) <= width for line in lines[len(HEAD) :])


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (Result(action="pass"), ["It goes where the client sends it."]),
        (Result(action="allow", rule="r"), ["It is let through as it is, by rule r."]),
        (Result(action="passthrough", rule="r"), ["Its connection is not even decrypted, by rule r."]),
        (
            Result(action="block", rule="r", status=403, message="no"),
            ["It is refused here with status 403, by rule r.", "The client is told: no"],
        ),
        (
            Result(action="respond", rule="r", status=200, tags=("a", "b")),
            ["It is answered here with status 200, by rule r.", "Tags: a, b."],
        ),
    ],
)
def test_what_is_said_of_each_result(result: Result, said: list[str]) -> None:
    lines = list(report(PLAIN, 80, Explanation(request=ASKED, rules=(), result=result)))
    assert lines == [*HEAD[:3], "There are no rules.", "", *said]


@pytest.mark.parametrize("width", [80, 150])
def test_every_colour_ends_in_its_line(width: int) -> None:
    palette = Palette(off="<off>", dim="<d>", strong="<s>", good="<g>", warning="<w>", error="<e>", unknown="<u>")
    for line in report(palette, width, FOUND):
        begun = sum(line.count(style) for style in ("<d>", "<s>", "<g>", "<w>", "<e>", "<u>"))
        assert begun == line.count("<off>")
