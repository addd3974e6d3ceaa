import pytest
from support.display import small_flow, stream_flow

from amp_addons.core.key import OTHERS, Key
from amp_addons.render.tally import MAX_ROWS, MAX_UNKNOWN, RECENT, Tally


def tally_of(*flows):
    tally = Tally()
    for flow in flows:
        tally.add(flow)
    return tally


def test_flows_are_counted_by_endpoint_provider_and_model():
    aborted = {"outcome": "aborted", "duration_ms": 10.0}
    tally = tally_of(stream_flow(), stream_flow(end=aborted), stream_flow(model="other"), small_flow(end={"status": 404}))
    assert (tally.flows, tally.errors, tally.received) == (4, 2, 3 * 12_345 + 312)
    row = tally.rows[Key("provider.anthropic", "anthropic", "claude-opus-4-5")]
    assert (row.flows, row.errors, row.streams, row.events, row.sent, row.received) == (2, 1, 2, 82, 642, 24_690)
    assert row.p50 == (2310.4 + 10.0) / 2
    assert list(tally.rows) == [
        Key("provider.anthropic", "anthropic", "claude-opus-4-5"),
        Key("provider.anthropic", "anthropic", "other"),
        Key("user.get"),
    ]


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        (small_flow(end={"outcome": "error", "status": None, "error": "no such host"}), "no such host"),
        (small_flow(end={"status": 401, "error": "who are you?"}), "status 401: who are you?"),
        (small_flow(end={"status": 500}), "status 500"),
        (small_flow(end={"outcome": "blocked", "status": 403, "rules": ["first", "no-telemetry"]}), "blocked by no-telemetry"),
    ],
)
def test_first_error_is_told_with_its_reason(flow, reason):
    later = small_flow(end={"status": 404})
    assert tally_of(small_flow(), flow, later).first_error == f"{reason}, GET https://ampcode.com/api/user"


def test_stream_that_ended_in_an_error_is_told_in_the_words_of_the_provider():
    told = tally_of(stream_flow(stream={"ended": "error", "errors": ["overloaded_error: Overloaded", "another"]})).first_error
    assert told is not None and told.startswith("overloaded_error: Overloaded, POST https://")
    told = tally_of(stream_flow(stream={"ended": "truncated"})).first_error
    assert told is not None and told.startswith("truncated, POST https://")


def test_what_the_client_gave_up_is_no_error_to_tell():
    assert tally_of(small_flow(end={"outcome": "aborted"}), small_flow()).first_error is None


def test_models_without_end_are_counted_together():
    tally = tally_of(*[stream_flow(model=f"m{n}") for n in range(MAX_ROWS + 50)])
    assert len(tally.rows) == MAX_ROWS + 1
    assert tally.rows[OTHERS].flows == 50


def test_median_is_that_of_the_latest_flows():
    tally = tally_of(*[small_flow(end={"duration_ms": 1e6})] * 10, *[small_flow(end={"duration_ms": 5.0})] * RECENT)
    row = tally.rows[Key("user.get")]
    assert row.p50 == 5.0 and len(row.durations) == RECENT


def test_unknown_endpoints_are_remembered_without_their_query():
    unknown = {"endpoint": "amp.unknown", "known": False}
    tally = tally_of(*[small_flow(url=f"https://ampcode.com/api/new?n={n}", **unknown) for n in range(3)], small_flow())
    assert tally.unknown == {"GET https://ampcode.com/api/new": 3}


def test_unknown_endpoints_are_bounded():
    unknown = {"endpoint": "amp.unknown", "known": False}
    tally = tally_of(*[small_flow(url=f"https://ampcode.com/api/{n}", **unknown) for n in range(MAX_UNKNOWN + 7)])
    assert len(tally.unknown) == MAX_UNKNOWN and tally.unknown_left_out == 7
