"""What the official SDKs make of answers that came through the suite, and what the events say of them."""

from collections import Counter

import pytest
from e2e.cases import ALL, ENCODED, PACED, STREAMED, WHOLE, ZSTD, each
from msgspec.structs import asdict

pytestmark = pytest.mark.e2e

ASSEMBLED = "id model text thinking tool_calls stop_reason usage".split()


def wanted(seen):
    """What the SDK should have made of the answer."""
    truth = asdict(seen.sent.truth)
    assert truth["text"] and truth["thinking"] and truth["tool_calls"]
    return {name: truth[name] for name in ASSEMBLED}


@each(STREAMED, WHOLE, ENCODED, PACED)
def test_the_sdk_assembles_what_was_sent(seen):
    assert seen.told.get("answer") == wanted(seen), seen.told


@each(ZSTD)
def test_so_it_does_with_zstd_where_the_runtime_offers_it(seen, runtime):
    offered = "zstd" in seen.sent.header("accept-encoding")
    assert offered or runtime != "bun"
    assert not offered or seen.told.get("answer") == wanted(seen), seen.told


@each(STREAMED, WHOLE, ENCODED, PACED)
def test_the_request_is_named_by_its_row(seen, case):
    request, way = seen["flow.request"], case.way
    assert (request["endpoint"], request["api"], request["known"]) == (way.endpoint, way.api, True)
    assert request["route"] == ("direct" if way.endpoint == "provider.openrouter" else "proxied")
    assert (request["model"], bool(request["stream"])) == (way.model, case.stream)


@each(STREAMED, ENCODED, ZSTD, PACED)
def test_the_events_of_a_stream_are_counted(seen):
    counts, steps = seen.sent.truth.event_counts, seen.all("stream.event")
    assert seen["stream.end"]["events"] == counts
    assert Counter(step["event"] for step in steps if step["event"] != "[DONE]") == counts
    assert [step["seq"] for step in steps] == [*range(1, len(steps) + 1)]


@each(STREAMED, ENCODED, ZSTD)
def test_the_stream_is_complete(seen):
    """Also for chat completions, whose clients hang up at `[DONE]` and may be quicker than the end of the body."""
    end = seen["stream.end"]
    assert (end["ended"], end["errors"], seen["flow.end"]["outcome"]) == ("complete", [], "ok")


@each(ALL)
def test_the_events_of_a_flow_begin_and_end_as_they_should(seen):
    assert (seen.events[0], seen.events[-1]) == (seen["flow.request"], seen["flow.end"])


@each(STREAMED, WHOLE)
def test_the_answer_came_in_the_coding_that_the_client_likes_best(seen):
    wanted = seen.sent.header("accept-encoding").partition(",")[0]
    assert seen["flow.response"]["content_encoding"] == wanted


@each(ENCODED, ZSTD)
def test_the_answer_came_in_the_coding_of_the_case(seen, case):
    assert seen["flow.response"]["content_encoding"] == case.options["encoding"]


@each(STREAMED)
def test_the_service_gets_the_key_and_nobody_else(stage, seen, case):
    headers = {seen.sent.header(name) for name in ("authorization", "x-api-key", "x-goog-api-key")} - {None}
    assert headers in ({case.key}, {f"Bearer {case.key}"})
    assert case.key not in stage.proxy.output
    assert case.key not in stage.proxy.events_path.read_text()
