"""The events of /api/connect."""

from amp_addons.sim import connect


def test_every_type_of_the_document_comes_and_the_last_is_the_disconnect(parse):
    names = [name for name, _ in parse(b"".join(connect.stream(6)))]
    assert names == ["user-message", "approve-tool", "reject-tool"] * 2 + ["disconnect"]


def test_names_are_in_the_payload_too(parse):
    assert all(name == payload["type"] for name, payload in parse(b"".join(connect.stream(4))))


def test_ids_count_and_a_retry_time_comes_first():
    events = list(connect.stream(4))
    assert events[0] == b"retry: 3000\n\n"
    assert [event.split(b"\n")[0] for event in events if event.startswith(b"id")] == [b"id: %d" % n for n in range(1, 6)]


def test_no_events_is_a_disconnect_alone():
    assert [payload["type"] for payload in connect.payloads(0)] == ["disconnect"]
