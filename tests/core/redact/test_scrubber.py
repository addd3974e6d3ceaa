"""What is kept or shown holds no secret, wherever in a message it stands and however it is spelled."""

import json
from typing import Any

import pytest
from support.secrets import PEM, SECRET, SECRETS, letters, redactor

from amp_addons.core.encoding import decode_body, encode_body
from amp_addons.core.redact.scrubber import LEFT_OUT, MAX_BODY, Scrubber

PLAIN = letters(9, 12)
"""A secret that only its name tells."""


def scrubber() -> Scrubber:
    return Scrubber(redactor())


def body(data: bytes | str | dict[str, Any], **options: Any) -> bytes:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data.encode() if isinstance(data, str) else data
    return scrubber().body(raw, "body", **options)


def test_headers_by_name_and_by_look() -> None:
    used = scrubber()
    headers = (
        (b"Authorization", PLAIN.encode()),
        (b"X-Other", f"a {SECRET}".encode()),
        (b"x-raw", b"\xff"),
        (b"Cookie", b""),
        (b"a", b"b"),
    )
    clean = ((b"Authorization", b"***"), (b"X-Other", b"a ***"), (b"x-raw", b"\xff"), (b"Cookie", b""), (b"a", b"b"))
    assert used.headers(headers, "header") == clean
    assert used.found == {("header", "credential"): 1, ("header", "model"): 1}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=1#c", "/a?b=1#c"),
        (f"/a?access_token={PLAIN}&b=1", "/a?access_token=***&b=1"),
        (f"/a?b=1;access_token={PLAIN}", "/a?b=1;access_token=***"),
        (f"/a?access%5Ftoken={PLAIN}", "/a?access%5Ftoken=***"),
        (f"/a?q={SECRET}", "/a?q=***"),
        (f"/a?q=%{ord(SECRET[0]):02X}{SECRET[1:]}", "/a?q=***"),
        (f"/a?{SECRET}", "/a?***"),
        (f"/a?{SECRET}=1", "/a?***=1"),
        (f"/x/{SECRET}/y", "/x/***/y"),
        (f"https://user:{PLAIN}@a.example/x", "https://***@a.example/x"),
        (f"https://user:p@{PLAIN}@a.example", "https://***@a.example"),
        ("https://a.example/@x", "https://a.example/@x"),
    ],
)
def test_targets(target: str, expected: str) -> None:
    assert scrubber().target(target, "URL") == expected


S = SECRET
BODIES = [
    pytest.param({"a": f"x {S}"}, {"a": "x ***"}, id="string"),
    pytest.param({"access_token": PLAIN, "id": "x"}, {"access_token": "***", "id": "x"}, id="by name"),
    pytest.param({S: 1}, {"***": 1}, id="key"),
    pytest.param({"model": S, "id": S}, {"model": "***", "id": "***"}, id="identifiers"),
    pytest.param({"signature": "Abc/+="}, {"signature": "Abc/+="}, id="signature"),
    pytest.param({"a": json.dumps({"b": S})}, {"a": json.dumps({"b": "***"})}, id="JSON in JSON"),
    pytest.param({"a": list(PEM)}, {"a": ["***"] * len(PEM)}, id="PEM by lines"),
    pytest.param({"a": f"{PEM[0]} is a header", "b": 1}, {"a": "***", "b": 1}, id="no more than a string goes"),
]


@pytest.mark.parametrize(("data", "expected"), BODIES)
def test_bodies_of_json(data: Any, expected: Any) -> None:
    assert json.loads(body(data)) == expected


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "gzip, br"])
def test_bodies_in_a_coding(coding: str) -> None:
    data = encode_body(json.dumps({"a": S}).encode(), coding)
    assert json.loads(decode_body(body(data, coding=coding), coding, 999) or b"") == {"a": "***"}
    clean = encode_body(b'{"a": 1}', coding)
    assert body(clean, coding=coding) is clean


TEXTS = [
    pytest.param(f"a {S} b", "a *** b", id="text"),
    pytest.param(f'{{"a": "\\u{ord(S[0]):04x}{S[1:]}', '{"a": "***', id="truncated JSON with escapes"),
    pytest.param(f'{{"a":"{S}"}}\n{{"token":"{PLAIN}"}}\n', '{"a":"***"}\n{"token":"***"}\n', id="lines of JSON"),
    pytest.param(f'data: {{"token":"{PLAIN}"}}\n\n', 'data: {"token":"***"}\n\n', id="event of JSON"),
    pytest.param(f"grant_type=x&client_secret={PLAIN}&code={PLAIN}", "grant_type=x&client_secret=***&code=***", id="form"),
    pytest.param(f"q=%{ord(S[0]):02x}{S[1:]}", "q=***", id="form with escapes"),
    pytest.param("\n".join(PEM), "***", id="PEM"),
    pytest.param("nothing\r\nhere", "nothing\r\nhere", id="nothing"),
]


@pytest.mark.parametrize(("data", "expected"), TEXTS)
def test_other_bodies(data: str, expected: str) -> None:
    assert body(data).decode() == expected


def test_bytes_of_any_kind() -> None:
    assert body(b"\xff\x80" + f" {S} ".encode() + b"\xfe") == b"\xff\x80 *** \xfe"
    assert body(b"\0\1\2") == b"\0\1\2"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32"])
def test_what_hides_a_secret_between_nuls_is_left_out(coding: str) -> None:
    assert body(json.dumps({"a": S}).encode(coding)) == LEFT_OUT


@pytest.mark.parametrize(("data", "coding"), [(b"xyz", "gzip"), (b"x" * 99, "br"), (b"x", "compress")])
def test_what_cannot_be_read_is_left_out(data: bytes, coding: str) -> None:
    used = scrubber()
    out = used.body(data, "body", coding=coding)
    assert (decode_body(out, coding, 999) or out) == LEFT_OUT
    assert used.found == {("body", "unreadable"): 1}


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_was_cut_off_is_kept_as_far_as_it_can_be_read(coding: str) -> None:
    """What the decoder does not give yet stands in the last block, where it may be plain to see."""
    whole = f'{{"a":"{S}","b":"{"x" * 200}"}}'.encode()
    data = encode_body(whole, coding)
    for cut in range(1, len(data)):
        out = scrubber().body(data[:cut], "body", coding=coding)
        text = decode_body(out, coding, 9999)
        assert text is not None and len(text) <= len(whole) and S.encode() not in text
        pieces = [S[at : at + 8].encode() for at in range(8, len(S) - 8)]
        assert not [piece for piece in pieces if piece in out and piece not in text], cut


def test_what_is_too_large_is_left_out() -> None:
    assert body(b" " * (MAX_BODY + 1)) == LEFT_OUT


def test_what_has_too_many_secrets_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amp_addons.core.redact.engine.MAX_FINDINGS", 1)
    used = scrubber()
    assert used.body(json.dumps({"a": " ".join(SECRETS)}).encode(), "body") == LEFT_OUT
    assert used.text(" ".join(SECRETS), "text") == "***"


def test_a_text_that_came_in_deltas_is_put_together() -> None:
    def event(text: str) -> bytes:
        value = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        return b"event: content_block_delta\ndata: %b\n\n" % json.dumps(value).encode()

    pieces = [S[at : at + 9] for at in range(0, len(S), 9)]
    end = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    used = scrubber()
    out = used.body(b"".join([*map(event, ["a ", *pieces, " b"]), end]), "body", api="anthropic-messages", stream=True)
    texts = [json.loads(line[6:]).get("delta", {}).get("text", "") for line in out.decode().split("\n") if line.startswith("data: ")]
    assert "".join(texts) == "a *** b"
    assert used.found == {("body", "model"): 1}


def test_scrubbing_twice_changes_nothing_more() -> None:
    for data in (json.dumps({"a": S, "token": PLAIN}), f"a {S}", f"token={PLAIN}&q={S}"):
        once = body(data)
        assert body(once) == once


def test_repr_holds_no_secret() -> None:
    used = scrubber()
    used.text(S, "text")
    assert S not in repr(used) + repr(used.found)
