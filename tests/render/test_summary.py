import re

import pytest
from rich.cells import cell_len
from support.display import HARMLESS, HOSTILE, small_flow, stream_flow

from amp_addons.render.summary import MAX_SHOWN, MAX_UNKNOWN_SHOWN, summary
from amp_addons.render.tally import Tally

ABORTED = {"outcome": "aborted", "duration_ms": 312.0}
UNKNOWN = {"endpoint": "amp.unknown", "category": "other", "known": False, "url": "https://ampcode.com/api/orb?token=***"}


def tally_of(*flows):
    tally = Tally()
    for flow in flows:
        tally.add(flow)
    return tally


TURN = tally_of(
    *[stream_flow(), stream_flow(), stream_flow(model="claude-haiku-4-5", end=ABORTED)],
    *[small_flow(), small_flow(), small_flow(), small_flow(**UNKNOWN)],
)

WIDE = """
endpoint             provider    model              flows   errors   streams   events    sent   received      p50
─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
user.get                                                3                               963 B      936 B    12 ms
provider.anthropic   anthropic   claude-opus-4-5        2                  2       82   642 B    24.7 kB    2.3 s
provider.anthropic   anthropic   claude-haiku-4-5       1        1         1       41   321 B    12.3 kB   312 ms
amp.unknown                                             1                               321 B      312 B    12 ms

In no catalog:
     1  GET https://ampcode.com/api/orb

3 lines not shown, because the output did not keep up.
"""
MIDDLING = """
endpoint             flows   errors   received     p50
──────────────────────────────────────────────────────
provider.anthropic       3        1    37.0 kB   2.3 s
user.get                 3               936 B   12 ms
amp.unknown              1               312 B   12 ms

In no catalog:
     1  GET https://ampcode.com/api/orb
"""
NARROW = """
endpoint      flows
───────────────────
provider.a…       3
user.get          3
amp.unknown       1

In no catalog:
     1  GET https:…
"""


@pytest.mark.parametrize(("width", "dropped", "expected"), [(139, 3, WIDE), (59, 0, MIDDLING), (19, 0, NARROW)])
def test_summary_is_a_table_of_what_fits(width, dropped, expected):
    assert "\n".join(summary(TURN, dropped=dropped, width=width, colours=False)) + "\n" == expected


@pytest.mark.parametrize("width", range(19, 160, 7))
def test_no_line_is_wider_than_the_output(width):
    flows = [stream_flow(model=HOSTILE * 3, provider="模型" * 20, endpoint="x" * 90, known=False, url=HOSTILE * 20)] * 3
    lines = summary(tally_of(*flows), dropped=7, width=width, colours=True)
    assert all(cell_len(re.sub(r"\x1b\[[\d;]*m", "", line)) <= width for line in lines)


def test_names_from_the_traffic_are_made_visible():
    lines = summary(tally_of(stream_flow(provider=HOSTILE, model=HOSTILE, known=False, url=HOSTILE)), dropped=0, width=159, colours=False)
    assert all(line.isprintable() for line in lines)
    assert HARMLESS[:20] in "".join(lines)


def test_errors_are_red_and_unknown_endpoints_yellow():
    lines = "\n".join(summary(TURN, dropped=0, width=139, colours=True))
    assert "\x1b[31m" in lines and "\x1b[33mIn no catalog:" in lines


def test_first_error_is_told_under_the_table():
    failed = small_flow(end={"outcome": "error", "status": None, "error": f"no such host {HOSTILE}"})
    lines = summary(tally_of(failed), dropped=0, width=300, colours=False)
    assert lines[-1].startswith("First error: no such host ") and lines[-1].isprintable()


def test_nothing_passed_nothing_said():
    assert summary(Tally(), dropped=0, width=100, colours=False) == []


def test_rows_are_bounded_and_the_rest_is_summed_up():
    tally = tally_of(*[small_flow(endpoint=f"e{n}") for n in range(MAX_SHOWN + 10)], small_flow(endpoint="e0"))
    lines = summary(tally, dropped=0, width=100, colours=False)
    rows = [line for line in lines if re.match(r"e\d|\(others\)", line)]
    assert len(rows) == MAX_SHOWN
    assert rows[0].startswith("e0 ") and re.match(r"\(others\) +11 ", rows[-1])


def test_unknown_endpoints_are_bounded_and_the_rest_is_counted():
    flows = [small_flow(**UNKNOWN | {"url": f"https://ampcode.com/{n}"}) for n in range(70)]
    lines = summary(tally_of(*flows), dropped=0, width=100, colours=False)
    assert sum("https://" in line for line in lines) == MAX_UNKNOWN_SHOWN
    assert lines[-1] == "    60  others"
