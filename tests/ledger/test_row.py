import pytest
from support.ledger import make_flow

from amp_addons.core.events import Tokens
from amp_addons.ledger.row import COLUMNS, MAX_TEXT, row_of

TYPES = {"string": str, "int64": int, "double": float, "bool": int}


def values(flow):
    return dict(zip([column.name for column in COLUMNS], row_of(flow), strict=True))


def test_all_of_a_stream_is_kept():
    flow = make_flow(end={"rules": ["a", "b"], "upstream": "gateway"}, request={"url": "https://AmpCode.com:8443/api/x?q=1"})
    assert values(flow) == {
        "time_ms": 1_793_534_400_125, "flow": "f", "endpoint": "provider.anthropic", "category": "inference", "provider": "anthropic",
        "route": "proxied", "api": "anthropic-messages", "known": 1, "method": "POST", "host": "ampcode.com:8443", "status": 200,
        "outcome": "ok", "model": "claude-sonnet-4-5", "stream": 1, "ended": "complete", "stop_reason": "end_turn", "thread": "T-1",
        "tokens_input": 10, "tokens_output": 4, "tokens_cache_read": 3, "tokens_cache_write": None, "tokens_reasoning": None,
        "cost_usd": 0.25, "ttft_ms": 50.5, "ttfb_ms": 20.0, "duration_ms": 201.0, "request_bytes": 7, "response_bytes": 9, "events": 3,
        "rules": "a,b", "upstream": "gateway",
    }  # fmt: skip


def test_types_are_what_the_columns_say():
    row = row_of(make_flow(end={"rules": ["a"], "upstream": "u"}))
    assert all(value is None or type(value) is TYPES[column.type] for column, value in zip(COLUMNS, row, strict=True))


def test_what_is_no_stream_has_none_of_its_columns():
    found = values(make_flow(model=None, stream=False, request={"stream": None, "known": False})._replace(response=None))
    nulls = {"model", "stream", "ended", "stop_reason", "cost_usd", "ttft_ms", "ttfb_ms", "events", "rules", "upstream"}
    assert {name for name, value in found.items() if value is None} == nulls | {n for n in found if n.startswith("tokens_")}
    assert found["known"] == 0


def test_model_of_the_answer_comes_before_that_of_the_request():
    assert values(make_flow(stream={"model": "dated"}))["model"] == "dated"
    assert values(make_flow(stream={"model": None}))["model"] == "claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://***@ampcode.com/api?token=x", "ampcode.com"),
        ("http://[::1]:80/", "[::1]:80"),
        ("http://[broken/", None),
        ("", None),
    ],
)
def test_nothing_of_the_url_but_its_host_is_kept(url, host):
    assert values(make_flow(url=url))["host"] == host


def test_texts_and_numbers_of_the_traffic_are_bounded():
    """A number that SQLite cannot hold, or a surrogate, would cost the whole batch."""
    found = values(make_flow(stream={"model": "m" * 5000, "stop_reason": "a\x1b\ud800", "tokens": Tokens(input=2**64, output=-(2**70))}))
    assert found["model"] == "m" * (MAX_TEXT - 1) + "…"
    assert found["stop_reason"] == "a\\x1b\\ud800"
    assert found["tokens_input"] is found["tokens_output"] is None
