"""Answers that rules spell out: what is sent, and what is refused when the rule is read."""

from typing import Any

import msgspec
import pytest

from amp_addons import SSEDecoder
from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.canned import Canned, SseEvent
from amp_addons.core.fields import FieldError

EVENTS = [
    {"event": "a", "data": {"n": [1, "é"]}, "id": "7", "retry": 10},
    {"comment": "still\nhere"},
    {"data": "two\nlines"},
    {"data": None},
]


def read(spec: Any) -> Canned:
    return msgspec.convert(spec, Canned)


@pytest.mark.parametrize(
    ("spec", "status", "headers", "body"),
    [
        ({}, 200, (), b""),
        ({"status": 204, "headers": {"X-A": "b c"}}, 204, (("X-A", "b c"),), b""),
        ({"json": {"a": [1.5, None, "é"]}}, 200, (("content-type", "application/json"),), '{"a":[1.5,null,"é"]}'.encode()),
        ({"json": None}, 200, (("content-type", "application/json"),), b"null"),
        ({"text": "é", "status": 404}, 404, (("content-type", "text/plain; charset=utf-8"),), "é".encode()),
        ({"text": ""}, 200, (("content-type", "text/plain; charset=utf-8"),), b""),
        ({"text": "<p>", "headers": {"Content-Type": "text/html"}}, 200, (("Content-Type", "text/html"),), b"<p>"),
        ({"sse": []}, 200, (("content-type", "text/event-stream; charset=utf-8"),), b""),
    ],
)
def test_answers(spec: Any, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    assert read(spec).answer() == Answer(status=status, headers=headers, body=body)


def test_events_are_sent_one_by_one() -> None:
    canned = read({"sse": EVENTS, "pace_ms": 5})
    assert canned.pace_ms == 5
    assert canned.events() == (
        'id: 7\nevent: a\nretry: 10\ndata: {"n":[1,"é"]}\n\n'.encode(),
        b": still\n: here\n\n",
        b"data: two\ndata: lines\n\n",
        b"data: null\n\n",
    )
    assert canned.answer().body == b"".join(canned.events())
    assert [event.data for event in SSEDecoder().feed(canned.answer().body)] == ['{"n":[1,"é"]}', "two\nlines", "null"]


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ({"json": 1, "text": "a"}, "text"),
        ({"text": "a", "sse": []}, "sse"),
        ({"json": None, "sse": []}, "sse"),
        ({"status": 204, "text": ""}, "text"),
        ({"status": 304, "json": 1}, "json"),
        ({"pace_ms": 5}, "pace_ms"),
        ({"json": object()}, "json"),
        ({"text": "\ud83d"}, "text"),
        ({"headers": {"": "a"}}, "headers"),
        ({"headers": {"a b": "a"}}, "headers"),
        ({"headers": {"a:": "a"}}, "headers"),
        ({"headers": {"a\n": "a"}}, "headers"),
        ({"headers": {"é": "a"}}, "headers"),
        ({"headers": {"A": "a", "a": "a"}}, "headers"),
        ({"headers": {"Content-Length": "1"}}, "headers"),
        ({"headers": {"transfer-encoding": "chunked"}}, "headers"),
        ({"headers": {"content-encoding": "gzip"}}, "headers"),
        ({"headers": {"Connection": "close"}}, "headers"),
        *(({"headers": {"a": value}}, "headers") for value in ("a\r\nb: c", "a\n", "\0", "a\x7f", " a", "a\t", "é")),
        ({"sse": [{}]}, "data"),
        ({"sse": [{"event": "a"}]}, "data"),
        ({"sse": [{"event": "a\nb", "data": ""}]}, "event"),
        ({"sse": [{"id": "a\0", "data": ""}]}, "id"),
        ({"sse": [{"data": object()}]}, "data"),
        ({"sse": [{"comment": "\ud83d"}]}, "data"),
    ],
)
def test_what_is_refused(spec: Any, key: str) -> None:
    """The file's reader says where: it takes the cause from msgspec."""
    with pytest.raises(msgspec.ValidationError) as refused:
        read(spec)
    assert isinstance(refused.value.__cause__, FieldError)
    assert refused.value.__cause__.key == key


@pytest.mark.parametrize("spec", [{"status": 199}, {"status": 600}, {"pace_ms": -1, "sse": []}, {"body": ""}, {"sse": [{"name": "a"}]}])
def test_what_the_types_refuse(spec: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(spec)


def test_no_message_has_a_header_value() -> None:
    secret = "s3cret" + "\n"
    with pytest.raises(FieldError) as refused:
        Canned(headers={"authorization": secret})
    assert "s3cret" not in str(refused.value)


def test_comments_ids_and_times_to_wait_go_without_data() -> None:
    assert [SseEvent(comment="").encode(), SseEvent(id="1").encode(), SseEvent(retry=5).encode()] == [
        b":\n\n",
        b"id: 1\n\n",
        b"retry: 5\n\n",
    ]
