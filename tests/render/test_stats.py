import pytest
from rich.cells import cell_len

from amp_addons.ledger.report import Group, Report
from amp_addons.render.palette import PLAIN, palette
from amp_addons.render.stats import stats_lines


def group(key, flows=1, errors=0, tokens=(0, 0), cost=None, ttft=None, duration=100.0):
    made = Group(key)
    made.flows, made.errors, made.cost = flows, errors, cost
    made.tokens_input, made.tokens_output = tokens
    made.ttft.extend([] if ttft is None else [ttft])
    made.duration.append(duration)
    return made


def found(*groups):
    total = Group(None)
    for each in groups:
        total.merge(each)
    return Report(list(groups), total)


THREE = found(
    group("claude-sonnet-4-5", 120, 2, (1_234_567, 45_678), 12.5, 820.0, 4200.0),
    group("gpt-5.1", 9, 0, (9_999, 10_000), 0.625, 310.0, 950.0),
    group(None, 300, 1),
)


def test_table_of_80_columns():
    assert [line.rstrip() for line in stats_lines(THREE, "model", 20, PLAIN, 80)] == [
        "model              flows  errors     in    out     cost   first    time  cost",
        "claude-sonnet-4-5    120       2   1.2M  45.7k   $12.50  820 ms   4.2 s  ███████",
        "gpt-5.1                9       -  9,999  10.0k  $0.6250  310 ms  950 ms  ▍",
        "(no model)           300       1      -      -        -       -  100 ms",
        "3 models             429       3   1.2M  55.7k   $13.12  565 ms  950 ms",
    ]  # fmt: skip


@pytest.mark.parametrize("width", range(14, 200))
def test_no_line_is_wider_than_the_terminal(width):
    wide = found(group("模型" * 30, 120, 2, (10**12, 10**15), 99_999.5, 820.0, 4e6), group("e\x1b[2J", 7))
    lines = list(stats_lines(wide, "model", 20, PLAIN, width))
    assert max(map(cell_len, lines)) <= width and len(lines) == 4
    assert not any("\x1b" in line for line in lines)


def test_what_matters_least_gives_way_first():
    headings = [next(iter(stats_lines(THREE, "model", 20, PLAIN, width))).split() for width in (200, 60, 40, 26, 16)]
    assert headings[0] == ["model", "flows", "errors", "in", "out", "cost", "first", "time", "cost"]
    assert headings[1] == ["model", "flows", "errors", "in", "out", "cost", "time"]
    assert headings[2] == ["model", "flows", "errors", "cost"]
    assert headings[3] == ["model", "flows", "errors"] or headings[3] == ["model", "flows"]
    assert headings[4] == ["model"]


def test_bars_are_of_flows_where_no_cost_is_known():
    lines = list(stats_lines(found(group("a", 8), group("b", 2), group("c", 0)), "model", 20, PLAIN, 120))
    bars = [line.count("█") for line in lines]
    assert lines[0].split()[-1] == "flows" and bars == [0, 40, 10, 0, 0]


def test_little_is_not_nothing():
    lines = list(stats_lines(found(group("a", 10_000), group("b", 1)), "model", 20, PLAIN, 120))
    assert lines[2].endswith("▏")


def test_rest_beyond_the_top_is_summed_up():
    groups = [group(f"m{n}", 10 - n) for n in range(10)]
    lines = list(stats_lines(found(*groups), "model", 3, PLAIN, 120))
    assert [line.split("  ")[0] for line in lines] == ["model", "m0", "m1", "m2", "(and 7 others)", "10 models"]
    assert lines[4].split()[3:5] == ["28", "-"] and "█" in lines[1] and "█" not in lines[4]
    assert len(list(stats_lines(found(*groups), "model", 0, PLAIN, 120))) == 12


def test_of_days_the_last_are_shown():
    lines = list(stats_lines(found(*[group(f"2026-11-0{n}") for n in range(1, 6)]), "day", 2, PLAIN, 120))
    assert [line.split("  ")[0] for line in lines] == ["day", "(and 3 days before)", "2026-11-04", "2026-11-05", "5 days"]


def test_colours_add_no_width_and_errors_stand_out(monkeypatch):
    import re

    monkeypatch.delenv("NO_COLOR", raising=False)
    colours = palette(True)
    coloured = list(stats_lines(THREE, "model", 20, colours, 100))
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured]
    assert [line.rstrip() for line in plain] == [line.rstrip() for line in stats_lines(THREE, "model", 20, PLAIN, 100)]
    assert re.search(re.escape(colours.error) + r" *2" + re.escape(colours.off), coloured[1])


@pytest.mark.parametrize(
    ("cost", "shown"), [(0.01234, "$0.0123"), (1.5, "$1.50"), (999.99, "$999.99"), (35_848.26, "$35,848"), (None, "-")]
)
def test_costs_have_the_digits_that_matter(cost, shown):
    assert list(stats_lines(found(group("a", cost=cost)), "model", 20, PLAIN, 120))[1].split()[5] == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "-"), (9_999, "9,999"), (10_000, "10.0k"), (999_500, "1.0M"), (5 * 10**9, "5.0G"), (10**13, "1.0e+13")]
)
def test_tokens_are_short(count, shown):
    assert list(stats_lines(found(group("a", tokens=(count, 0))), "model", 20, PLAIN, 120))[1].split()[3] == shown
