import pytest
from support.clock import time_zone
from support.ledger import NOON, make_flow

from amp_addons.core.events import Tokens
from amp_addons.ledger.report import EXPORTED, Span, report, rows


def sums(found):
    return {group.key: (group.flows, group.errors, group.tokens_input, group.tokens_output, group.cost) for group in found.groups}


FLOWS = [
    make_flow(),
    make_flow(NOON + 1, stream={"tokens": Tokens(), "cost_usd": None, "ttft_ms": None}, end={"duration_ms": 1.0}),
    make_flow(NOON + 86_400, model="gpt-5.1", request={"provider": "openai", "thread": None}, stream={"cost_usd": 1.0, "ttft_ms": 10.0}),
    make_flow(NOON, model=None, stream=False, request={"provider": None, "endpoint": "user.get"}),
]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", {"gpt-5.1": (1, 0, 10, 4, 1.0), "claude-sonnet-4-5": (2, 0, 10, 4, 0.25), None: (1, 0, 0, 0, None)}),
        ("provider", {"openai": (1, 0, 10, 4, 1.0), "anthropic": (2, 0, 10, 4, 0.25), None: (1, 0, 0, 0, None)}),
        ("thread", {None: (1, 0, 10, 4, 1.0), "T-1": (3, 0, 10, 4, 0.25)}),
        ("endpoint", {"provider.anthropic": (3, 0, 20, 8, 1.25), "user.get": (1, 0, 0, 0, None)}),
        ("day", {"2026-11-01": (3, 0, 10, 4, 0.25), "2026-11-02": (1, 0, 10, 4, 1.0)}),
    ],
)
def test_sums_by_group_with_the_dearest_first_and_days_in_order(kept, by, expected):
    found = report(kept(*FLOWS), by, Span())
    assert sums(found) == expected and list(sums(found)) == list(expected)
    total = found.total
    assert (total.flows, total.tokens_input, total.tokens_output, total.cost) == (4, 20, 8, 1.25)


def test_medians_are_of_the_flows_that_have_the_figure(kept):
    found = report(kept(*FLOWS), "model", Span())
    assert [(group.ttft_p50, group.duration_p50) for group in found.groups] == [(10.0, 201.0), (50.5, 101.0), (None, 201.0)]
    assert (found.total.ttft_p50, found.total.duration_p50) == (30.25, 201.0)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"end": {"outcome": "aborted"}}, 1),
        ({"end": {"outcome": "blocked"}}, 1),
        ({"end": {"status": 529}}, 1),
        ({"end": {"status": None, "outcome": "error"}}, 1),
        ({"stream": {"ended": "truncated"}}, 1),
        ({"stream": False, "end": {"status": 302}}, 0),
        ({}, 0),
    ],
)
def test_errors_are_counted_as_they_are_shown_live(kept, changes, errors):
    assert report(kept(make_flow(**changes)), "model", Span()).total.errors == errors


def test_span_holds_its_beginning_and_not_its_end(kept):
    connection = kept(*[make_flow(NOON + n, flow=str(n)) for n in range(4)])
    begin = int(NOON * 1000)
    span = Span(begin + 1000, begin + 3000)
    assert report(connection, "model", span).total.flows == 2
    assert [row[EXPORTED.index("flow")] for row in rows(connection, span)] == ["1", "2"]


def test_days_are_local(kept):
    with time_zone("Pacific/Kiritimati"):  # 14 hours ahead
        assert list(sums(report(kept(make_flow()), "day", Span()))) == ["2026-11-02"]


def test_rows_are_exported_by_time_with_their_types(kept):
    found = list(rows(kept(make_flow(NOON + 5, flow="later"), make_flow()), Span()))
    first = dict(zip(EXPORTED, found[0], strict=True))
    assert [row[EXPORTED.index("flow")] for row in found] == ["f", "later"]
    assert (first["time"], first["known"], first["stream"], first["tokens_reasoning"]) == ("2026-11-01T12:00:00.125Z", True, True, None)


def test_facts_for_json(kept):
    assert report(kept(), "model", Span()).groups[0].facts() == {
        "key": "claude-sonnet-4-5", "flows": 1, "errors": 0, "tokens_input": 10, "tokens_output": 4, "cost_usd": 0.25, "ttft_ms_p50": 50.5,
        "duration_ms_p50": 201.0,
    }  # fmt: skip
