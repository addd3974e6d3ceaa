"""Parts of generateContent, put together by hand, against the truth: as events with CRLF and as one JSON array."""

import json

import pytest

from amp_addons.sim import google, google_array
from amp_addons.sim.turn import Turn, compose, invent

TURNS = {
    "text": invent(model="m", seed=1, events=20),
    "thinking and tools": invent(model="m", seed=2, events=5, thinking=True, tools=["a", "b"]),
    "tools alone": compose(model="m", text="", tools=[("grep", {"größer": ["日本語", 1]})]),
    "nothing": Turn(model="m"),
}


def told(answers):
    parts = [part for answer in answers for part in answer["candidates"][0]["content"]["parts"]]
    last = answers[-1]
    return {
        "id": last["responseId"],
        "model": last["modelVersion"],
        "usage": last["usageMetadata"],
        "stop_reason": last["candidates"][0]["finishReason"],
        "text": "".join(part["text"] for part in parts if "text" in part and "thought" not in part),
        "thinking": "".join(part["text"] for part in parts if "thought" in part),
        "tool_calls": [part["functionCall"] for part in parts if "functionCall" in part],
    }


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_stream_array_and_whole_tell_the_same_truth(turn, parse, counted):
    events = parse(b"".join(google.events(turn)))
    array = json.loads(b"".join(google_array.events(turn)))
    truth = google.truth(turn)
    whole = told([google.whole(turn)])
    assert told([payload for _, payload in events]) == told(array) == whole == {name: getattr(truth, name) for name in whole}
    assert counted(events) == truth.event_counts == {"message": len(array)}


def test_usage_adds_up_and_thoughts_are_apart():
    usage = google.usage(TURNS["thinking and tools"])
    assert usage["candidatesTokenCount"] == 5 + 2 * 10
    assert usage["thoughtsTokenCount"] == 2
    parts = usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
    assert usage["totalTokenCount"] == parts == 25 + 1024 + 27


def test_lines_end_with_crlf():
    for event in google.events(TURNS["text"]):
        assert event.endswith(b"}\r\n\r\n")
        assert event.count(b"\n") == 2


def test_only_the_last_part_has_a_finish_reason(parse):
    reasons = [payload["candidates"][0].get("finishReason") for _, payload in parse(b"".join(google.events(TURNS["text"])))]
    assert reasons == [None] * (len(reasons) - 1) + ["STOP"]


@pytest.mark.parametrize(("status", "name"), [(401, "UNAUTHENTICATED"), (429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_errors_have_a_status(status, name):
    assert google.error(status, "No") == {"error": {"code": status, "message": "No", "status": name}}


def test_error_in_mid_stream_keeps_the_array_an_array():
    sent = list(google_array.events(TURNS["text"]))[:3]
    items = json.loads(b"".join([*sent, *google_array.error_events(TURNS["text"])]))
    assert items[-1]["error"]["status"] == "UNAVAILABLE"


def test_error_in_mid_stream(parse):
    [(_, payload)] = parse(b"".join(google.error_events(TURNS["text"])))
    assert payload["error"]["code"] == 503
