import pytest

from amp_addons.core.apis.unknown import Unknown

EVENTS = [
    ('{"type":"t","object":"o"}', "t", []),
    ('{"object":"o"}', "o", []),
    ('{"x":1}', "name", []),
    ("plain", "name", []),
    ('{"error":{"type":"t","message":"no"}}', "name", [("t", "no")]),
    ('{"error":"no"}', "name", [("error", "no")]),
]


@pytest.mark.parametrize(("data", "kind", "errors"), EVENTS)
def test_events_are_counted_and_errors_read(data, kind, errors):
    reading = Unknown()
    assert reading.take(data, "name") == (kind, None)
    assert [(error.type, error.message) for error in reading.errors] == errors


@pytest.mark.parametrize(("body", "errors"), [(b'{"error":"no"}', 1), (b"{}", 0), (b"not JSON", 0)])
def test_body(body, errors):
    reading = Unknown()
    reading.whole(body)
    assert reading.finished and len(reading.errors) == errors
