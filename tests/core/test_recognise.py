import pytest

from amp_addons.core.recognise import api_of

CASES = [
    ('{"type":"message_start","message":{}}', "message_start", "anthropic-messages"),
    ('{"type":"message","content":[]}', "message", "anthropic-messages"),
    ('{"type":"response.created"}', "message", "openai-responses"),
    ("{}", "response.created", "openai-responses"),
    ('{"object":"response"}', "message", "openai-responses"),
    ('{"choices":[]}', "message", "openai-chat"),
    ('{"candidates":[]}', "message", "google-generatecontent"),
    ('{"usageMetadata":{}}', "message", "google-generatecontent"),
    ('{"type":"user-message"}', "message", "amp-connect"),
    ("plain", "approve-tool", "amp-connect"),
    ('{"type":"ping"}', "ping", None),
    ('{"type":"error","error":{}}', "error", None),
    ("[DONE]", "message", None),
    ("", "message", None),
]


@pytest.mark.parametrize(("data", "name", "api"), CASES)
def test_api_shows_in_the_shape_of_its_events(data, name, api):
    assert api_of(data, name) == api
