"""The edits of payloads by themselves; with streams and all that is in them, they are tested with the channels."""

import json

from support.filters import Held, Upper

from amp_addons.core.answers.channel_edit import ChannelEdit
from amp_addons.core.answers.shapes import shape_of

CHUNK = b'{"choices":[{"index":0,"delta":{"content":"abc"}}]}'


def edit_of(api: str, size: int = 2) -> ChannelEdit:
    return ChannelEdit(shape_of(api), lambda kind: Held(size), 10)


def test_a_quick_edit_needs_a_known_channel() -> None:
    edit = edit_of("openai-chat")
    assert edit.quick(CHUNK) is None
    assert edit.event(CHUNK) == (CHUNK.replace(b"abc", b"A"), ())
    assert edit.quick(CHUNK) == CHUNK.replace(b"abc", b"BCA")
    assert edit.quick(CHUNK.replace(b'"index"', b'"content":1,"index"')) is None
    assert edit.quick(CHUNK.replace(b"abc", b"\\u0061")) is None


def test_other_strings_are_changed_before_the_texts_are_looked_for() -> None:
    edit = ChannelEdit(shape_of("openai-chat"), lambda kind: Upper(), 10, lambda data: data.replace(b"no", b"longer"))
    chunk = b'{"user":"no","choices":[{"index":0,"delta":{"content":"abc"}}]}'
    assert edit.event(chunk).data == b'{"user":"longer","choices":[{"index":0,"delta":{"content":"ABC"}}]}'
    body = b'{"user":"no","choices":[{"index":0,"message":{"content":"abc"}}]}'
    assert edit.whole(body) == b'{"user":"longer","choices":[{"index":0,"message":{"content":"ABC"}}]}'
    assert edit.event(b"no JSON").data == b"no JSON"


def test_what_is_held_at_the_end_comes_before_it() -> None:
    edit = edit_of("openai-chat")
    edit.event(CHUNK)
    data, (extra,) = edit.end_all(b"[DONE]")
    assert (data, extra.name) == (b"[DONE]", "")
    assert json.loads(extra.data)["choices"][0]["delta"] == {"content": "BC"}
    assert edit.end_all(b"[DONE]") == (b"[DONE]", ())


def test_the_last_event_takes_what_is_held() -> None:
    edit = edit_of("openai-chat")
    edit.event(CHUNK)
    assert edit.event(CHUNK, last=True) == (CHUNK.replace(b"abc", b"BCABC"), ())


def test_numbers_of_events_after_an_extra_one() -> None:
    edit = edit_of("openai-responses")
    piece = {"type": "response.output_text.delta", "output_index": 0, "sequence_number": 4, "delta": "abc"}
    edit.event(json.dumps(piece).encode())
    data, extras = edit.event(b'{"type":"response.output_item.done","item":{"type":"message"},"output_index":0,"sequence_number" : 5 }')
    assert data.endswith(b'"sequence_number" : 6 }')
    assert [json.loads(extra.data)["sequence_number"] for extra in extras] == [5]


def test_a_number_that_stands_twice_stays() -> None:
    edit = edit_of("openai-responses")
    edit.event(b'{"type":"response.output_text.delta","sequence_number":4,"delta":"abc"}')
    end = b'{"type":"response.output_text.done","sequence_number":5,"sequence_number":5}'
    assert edit.event(end).data == end


def test_a_body() -> None:
    edit = ChannelEdit(shape_of("openai-chat"), lambda kind: Upper(), 10)
    assert edit.whole(b'{"choices":[ {"message":{"content":"abc"}}]}') == b'{"choices":[ {"message":{"content":"ABC"}}]}'
    assert edit.whole(b"[]") == b"[]"
    assert edit.unseen == 1
