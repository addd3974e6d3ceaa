import pytest

from amp_addons import StreamReader
from amp_addons.sim import streams

NAMED = b'event: user-message\ndata: {"text":"Hi"}\n\nevent: approve-tool\ndata: {"id":"t"}\n\n'
TYPED = b'data: {"type":"user-message","message":"Hi"}\n\ndata: {"type":"approve-tool"}\n\n'


@pytest.mark.parametrize("body", [NAMED, TYPED])
@pytest.mark.parametrize(("last", "ended"), [(b'event: disconnect\ndata: {"type":"disconnect"}\n\n', "complete"), (b"", "truncated")])
def test_events_are_counted_by_name_and_the_users_words_kept(body, last, ended):
    reader = StreamReader("amp-connect")
    reader.feed(body + last)
    reader.close()
    found = reader.summary()
    assert (found.text, found.ended) == ("Hi", ended)
    assert found.event_counts["user-message"] == found.event_counts["approve-tool"] == 1


@pytest.mark.parametrize("body", [b"event: user-message\ndata: plain\n\n", b"data: [1]\n\n", b'data: {"text":7,"type":"user-message"}\n\n'])
def test_other_payloads_are_counted(body):
    reader = StreamReader("amp-connect")
    reader.feed(body)
    assert sum(reader.summary().event_counts.values()) == 1


def test_error_body():
    reader = StreamReader("amp-connect")
    reader.feed(b'{"error":{"type":"t","message":"no"}}')
    reader.close()
    assert [(error.type, error.message) for error in reader.summary().errors] == [("t", "no")]


def test_simulated_events_are_recognised():
    reader = StreamReader()
    reader.feed(b"".join(streams.connect(9)))
    reader.close()
    assert reader.summary().api == "amp-connect"
