"""An answer that its transform failed for ends with an error that the client understands, and nothing more."""

import gzip
import json

import pytest

from amp_addons.core.answers.guarded import Guarded
from amp_addons.core.answers.models import ModelBack
from amp_addons.core.answers.unencoded import Decoded
from amp_addons.core.sse import SSEDecoder

EVENT = b'data: {"model":"sent"}\n\n'
APIS = [None, "anthropic-messages", "openai-chat", "openai-responses", "google-generatecontent"]


class Failing:
    """Fails at the second piece, with a text that may hold something of the flow."""

    def __init__(self) -> None:
        self._fed = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._fed += 1
        if self._fed > 1:
            raise RuntimeError("something secret")
        return [data]

    def close(self) -> list[bytes]:
        raise RuntimeError("something secret")


def guarded(api: str | None, coding: str | None = None, *, stream: bool = True) -> Guarded:
    return Guarded(Decoded(coding, ModelBack(api, "sent", "mine")), api, stream=stream)


def test_what_does_not_fail_goes_on() -> None:
    transform = guarded("openai-chat", "gzip")
    assert b"".join([*transform.feed(gzip.compress(EVENT)), *transform.close()]) == EVENT.replace(b"sent", b"mine")
    assert transform.failed is None


@pytest.mark.parametrize("api", APIS)
def test_a_failure_in_a_stream_is_an_event(api: str | None) -> None:
    transform = Guarded(Decoded(None, Failing()), api, stream=True)
    assert transform.feed(EVENT) == [EVENT]
    told = b"".join(transform.feed(EVENT))
    assert transform.failed == "the change of the answer failed with RuntimeError"
    events = SSEDecoder().feed(told)
    assert events and all("secret" not in event.data for event in events)
    assert "failed with RuntimeError" in json.loads(events[0].data)["error"]["message"]
    assert transform.feed(EVENT) == transform.close() == []


@pytest.mark.parametrize("api", APIS)
def test_a_failure_of_a_whole_answer_is_an_error_object(api: str | None) -> None:
    transform = guarded(api, "gzip", stream=False)
    told = b"".join(transform.feed(b"not gzip at all"))
    assert "gzip" in json.loads(told)["error"]["message"]
    assert transform.failed and transform.close() == []


def test_a_coding_that_is_not_known_fails_with_the_first_piece() -> None:
    transform = guarded("openai-chat", "compress")
    assert len(transform.feed(EVENT)) == 1
    assert transform.failed


def test_a_body_that_was_cut_off_fails_at_its_end() -> None:
    transform = guarded("openai-chat", "gzip")
    transform.feed(gzip.compress(EVENT * 50)[:-9])
    assert b"cut this answer off" in b"".join(transform.close())
    assert transform.close() == []


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_a_body_that_is_there_as_a_whole(coding: str | None) -> None:
    body = EVENT * 20_000  # more than one piece of a coded body may bring
    sent = gzip.compress(body) if coding else body
    assert guarded("openai-chat", coding).whole(sent) == body.replace(b"sent", b"mine")
    transform = guarded("openai-chat", "gzip")
    assert transform.whole(b"no gzip") is None and "gzip" in transform.told


def test_a_failure_at_the_end() -> None:
    transform = Guarded(Decoded(None, Failing()), None, stream=False)
    assert transform.feed(b"x") == [b"x"]
    assert b"RuntimeError" in b"".join(transform.close())
