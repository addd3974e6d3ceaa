"""The models behind each provider, over the wire: streams and whole answers against the truth that the service tells."""

import gzip
import json

import pytest

from amp_addons.sim.message import Received

ANTHROPIC = "/api/provider/anthropic/v1/messages"
CHAT = "/api/provider/openai/v1/chat/completions"
RESPONSES = "/api/provider/openai/v1/responses"
GOOGLE = "/api/provider/google/v1beta1/publishers/google/models/gemini-x"
STREAMS = {
    "anthropic": ("ampcode.com", ANTHROPIC, "text/event-stream; charset=utf-8"),
    "chat": ("ampcode.com", CHAT, "text/event-stream; charset=utf-8"),
    "responses": ("ampcode.com", RESPONSES, "text/event-stream; charset=utf-8"),
    "openrouter": ("openrouter.ai", "/api/v1/chat/completions", "text/event-stream"),
    "google": ("ampcode.com", GOOGLE + ":streamGenerateContent?alt=sse", "text/event-stream"),
}


@pytest.mark.parametrize(("host", "path", "content_type"), STREAMS.values(), ids=STREAMS)
def test_stream_has_the_counts_that_the_service_tells(client, parse, counted, host, path, content_type):
    answer = client.post(path, {"model": "m", "stream": True}, host=host, x_sim_events="30", x_sim_thinking="1", x_sim_tools="2")
    assert answer.header("content-type") == content_type
    truth = client.last().truth
    assert counted(parse(answer.body)) == truth.event_counts
    assert len(truth.tool_calls) == 2
    assert truth.thinking


def test_what_was_said_is_echoed_in_pieces(client):
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "größer und kleiner"}]}
    answer = client.post(ANTHROPIC, body, x_sim_echo="1", x_sim_size="4")
    events = [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: ")]
    assert [each["delta"]["text"] for each in events if each["type"] == "content_block_delta"] == ["größ", "er u", "nd k", "lein", "er"]
    assert client.last().truth.text == "größer und kleiner"


def test_google_without_sse_is_an_array(client):
    answer = client.post(GOOGLE + ":streamGenerateContent", {})
    assert answer.header("content-type") == "application/json; charset=UTF-8"
    items = answer.json
    text = "".join(item["candidates"][0]["content"]["parts"][0]["text"] for item in items)
    truth = client.last().truth
    assert (text, len(items)) == (truth.text, truth.event_counts["message"])


def test_model_of_the_path_is_answered(client):
    assert client.post(GOOGLE + ":generateContent", {}).json["modelVersion"] == "gemini-x"


def test_vertex_streams_anthropic(client):
    answer = client.post("/api/provider/google/v1/publishers/anthropic/models/claude:streamRawPredict", {})
    assert answer.body.startswith(b"event: message_start\n")


def test_seed_decides_the_content(client):
    bodies = [client.post(ANTHROPIC, {"model": "m"}, x_sim_seed=seed).body for seed in ("1", "1", "2")]
    assert bodies[0] == bodies[1] != bodies[2]


def test_an_offered_tool_is_called_once(client):
    client.post(ANTHROPIC, {"model": "m", "tools": [{"name": "a"}, {"name": "b"}]})
    assert [call["name"] for call in client.last().truth.tool_calls] == ["a"]


def test_no_tool_is_called_when_none_is_wanted(client):
    client.post(ANTHROPIC, {"model": "m", "tools": [{"name": "a"}]}, x_sim_tools="0")
    assert client.last().truth.tool_calls == []


def test_gzipped_request_is_read(client):
    answer = client.post(ANTHROPIC, gzip.compress(json.dumps({"model": "zipped"}).encode()), content_encoding="gzip")
    assert answer.json["model"] == "zipped"


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000, b'{"messages": 1, "tools": "x", "model": {}}'])
def test_any_body_gets_an_answer(client, body):
    assert client.post(ANTHROPIC, body).status == 200


ERRORS = {
    "anthropic": ("ampcode.com", ANTHROPIC, {"type": "error", "request_id": "req_simulated"}),
    "chat": ("ampcode.com", CHAT, {}),
    "responses": ("ampcode.com", RESPONSES, {}),
    "openrouter": ("openrouter.ai", "/api/v1/chat/completions", {}),
    "google": ("ampcode.com", GOOGLE + ":streamGenerateContent?alt=sse", {}),
}


@pytest.mark.parametrize("status", [401, 402, 429, 529])
@pytest.mark.parametrize(("host", "path", "beside"), ERRORS.values(), ids=ERRORS)
def test_error_status_in_the_providers_format(client, host, path, beside, status):
    answer = client.post(path, {"stream": True}, host=host, x_sim_error=str(status))
    assert (answer.status, answer.header("content-type")) == (status, "application/json")
    assert isinstance(answer.json["error"]["message"], str)
    assert {key: value for key, value in answer.json.items() if key != "error"} == beside


@pytest.mark.parametrize(("host", "path", "content_type"), STREAMS.values(), ids=STREAMS)
def test_error_event_in_mid_stream(client, parse, host, path, content_type):
    answer = client.post(path, {"stream": True}, host=host, x_sim_error="event", x_sim_at="3")
    payloads = [payload for _, payload in parse(answer.body)]
    errors = [payload for payload in payloads if payload.get("error")]
    assert errors
    assert len(payloads) <= 3 + 2
    assert client.last().ended == "complete"


def test_error_event_without_a_stream_is_an_error(client):
    assert client.post(ANTHROPIC, {}, x_sim_error="event").status == 500


def test_stamps_are_the_time_of_sending(client, parse):
    answer = client.post(ANTHROPIC, {"stream": True}, x_sim_stamp="1", x_sim_pace="0.01", x_sim_events="5")
    stamps = [payload["sim_ns"] for _, payload in parse(answer.body)]
    assert all(later - earlier > 5_000_000 for earlier, later in zip(stamps, stamps[2:], strict=False))


def test_received_json_is_empty_for_a_bomb_of_garbage():
    headers = [(b"Content-Encoding", b"gzip")]
    request = Received(method="POST", target="/", host="", headers=headers, http_version="1.1", body=b"no gzip")
    assert request.json == {}
