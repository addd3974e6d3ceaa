"""The official SDKs through rules: routed to another upstream under another model's name, or refused so that they show why."""

import pytest
from e2e.cases import ENCODED, ONE_OF_EACH_API, STREAMED, WAYS, WHOLE, Case, each
from e2e.runtimes import Client, environment
from msgspec.structs import asdict
from support.world import KEY, world

pytestmark = pytest.mark.e2e

RULES = """
- {id: refuse, match: {thread: "*-refused"}, then: {block: "Refused by a rule: größer."}}
- {id: direct, match: {provider: openrouter}, then: {route: named, model: {"*": upstream-model}}}
- {id: elsewhere, match: {category: inference}, then: {route: other, model: {"*": upstream-model}}}
"""
REFUSED = [Case(f"{way}/{kind}-refused", WAYS[way], stream=kind == "stream") for way in ONE_OF_EACH_API for kind in ("stream", "whole")]
ROUTED = [*STREAMED, *WHOLE, *ENCODED]


@pytest.fixture(scope="module", params=["python", "node"])
def told(request, tmp_path_factory):
    """What a runtime's client said of every case, and what the upstream got."""
    more = "named: {url: URL, host_header: openrouter.ai, credential: {header: x-api-key, env: OTHER_KEY}}"
    with world(RULES, more=more) as here:

        def sent(thread):
            [received] = here.received(here.other, thread)
            return received

        folder = tmp_path_factory.mktemp(request.param)
        client = Client(request.param, [*ROUTED, *REFUSED], sent, environment(here.proxy, folder), folder)
        client.finish()
        yield client, here


@each(ROUTED)
def test_answer_of_another_upstream_is_the_one_that_was_asked_for(told, case):
    client, here = told
    [request] = here.received(here.other, case.thread(client.runtime))
    truth = asdict(request.truth)
    wanted = {name: truth[name] for name in ("id", "text", "thinking", "tool_calls", "stop_reason", "usage")}
    result = client.results[case.name]
    assert {name: value for name, value in result.get("answer", {}).items() if name != "model"} == wanted, result
    assert result["answer"]["model"] == case.way.model
    google = case.way.api == "google-generatecontent"
    assert b"upstream-model" in (request.target.encode() if google else request.body)
    assert request.header("x-api-key") == KEY and request.header("authorization") is None and case.key not in str(request.headers)


@each(REFUSED)
def test_client_shows_why_it_was_refused_and_does_not_ask_again(told, case):
    client, here = told
    result = client.results[case.name]
    assert "Refused by a rule: größer." in result["error"]["message"], result
    assert here.received(here.other, case.thread(client.runtime)) == here.received(here.amp, case.thread(client.runtime)) == []
