import pytest

from amp_addons.core.sse import ServerSentEvent
from amp_addons.core.stream import DONE, event_type, expects_events

TYPES = [
    pytest.param("message", '{"type":"ping"}', "ping", id="payload's type"),
    pytest.param("named", '{"type":"ping","object":"chunk"}', "ping", id="type before object and name"),
    pytest.param("message", '{"object":"chat.completion.chunk"}', "chat.completion.chunk", id="object"),
    pytest.param("message", '{"type":7,"object":"chunk"}', "chunk", id="type that is no string"),
    pytest.param("named", '{"type":7,"object":[]}', "named", id="neither is a string"),
    pytest.param("named", '{"candidates":[]}', "named", id="neither is there"),
    pytest.param("named", '{"type":"ping"', "named", id="broken JSON"),
    pytest.param("named", '{"type":"\ud800"}', "named", id="lone surrogate"),
    pytest.param("named", "[1]", "named", id="no object"),
    pytest.param("named", "", "named", id="empty"),
    pytest.param("message", "[DONE]", DONE, id="end marker"),
]


@pytest.mark.parametrize(("name", "data", "expected"), TYPES)
def test_type_of_an_event(name, data, expected):
    assert event_type(ServerSentEvent(event=name, data=data, id="", retry=None)) == expected


@pytest.mark.parametrize(
    ("status", "content_type", "asked", "expected"),
    [
        (200, "text/event-stream", False, True),
        (500, "Text/Event-Stream ; charset=utf-8", False, True),
        (200, None, True, True),
        (200, "text/plain; charset=utf-8", True, True),
        (200, "application/json", True, False),
        (200, None, False, False),
        (429, None, True, False),
    ],
)
def test_which_answers_are_streams(status, content_type, asked, expected):
    assert expects_events(status, content_type, asked) is expected
