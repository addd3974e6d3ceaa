import json
import shlex

import pytest
from support.secrets import SECRET, redactor

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.render.curl import MAX_BODY, curl_line

URL = "https://ampcode.com/api/x"


def line(method="GET", url=URL, headers=(), body=b"", **more):
    scrubber = Scrubber(redactor())
    fields = tuple((name.encode(), value.encode()) for name, value in headers)
    text, notes = curl_line(method, url, fields, body, lambda given: scrubber.headers(given, "header"), **more)
    return shlex.split(text), list(notes)


def test_a_plain_request():
    assert line() == (["curl", "--globoff", "--no-buffer", "--", URL], [])
    assert line("HEAD")[0][1] == "--head" and line("PUT")[0][1:3] == ["-X", "PUT"]


def test_body_and_headers_are_words():
    words, notes = line(
        "POST", headers=[("x-a", "it's `id` $(id)"), ("x-none", ""), ("Host", "a"), ("Content-Length", "3")], body=b"@/etc/passwd"
    )
    assert words[3:] == ["-H", "x-a: it's `id` $(id)", "-H", "x-none;", "--data-raw", "@/etc/passwd", "--", URL] and not notes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer x"),
        ("x-api-key", "k"),
        ("Cookie", "a=b"),
        ("x-note", SECRET),
        ("x-amp-installation-id", "i-77"),
        ("Referer", f"https://a.b/?token={SECRET}"),
    ],
)
def test_credentials_are_left_out_and_named(name, value):
    words, notes = line(headers=[(name, value), ("accept", "*/*")])
    assert value not in " ".join(words) and "accept: */*" in words
    assert notes == [f"headers left out, which are credentials or hold one: {name}"]


@pytest.mark.parametrize("name", ["x`id`", "x$y", "x'y", "x\x1by"])
def test_names_that_a_shell_would_read_are_not_repeated_in_notes(name):
    _, notes = line(headers=[(name, SECRET)])
    assert notes == ["headers left out, which are credentials or hold one: a header with an unusual name"]


@pytest.mark.parametrize("value", ["a\x1b[201~b", "a\u202eb", "a\rb"])
def test_what_steers_a_terminal_is_left_out_of_headers(value):
    assert "x-a" in line(headers=[("x-a", value)])[1][0]


def test_json_is_written_with_escapes_for_what_cannot_be_seen():
    body = json.dumps({"a": "\x1b \u202e é"}, ensure_ascii=False).replace("\\u001b", "\\u001b").encode()
    words, _ = line("POST", body=body)
    assert json.loads(words[-3]) == {"a": "\x1b \u202e é"} and words[-3].isascii()


@pytest.mark.parametrize("body", [b"\xff\xfe\0", b"a\x1b[201~b", b"x" * (MAX_BODY + 1), b"a\0b"])
def test_other_bodies_are_left_out(body):
    words, notes = line("POST", body=body)
    assert "--data-raw" not in words and notes == [f"the body of {len(body):,} bytes is left out: it is too large, or not text"]


def test_lines_of_a_body_stay():
    assert line("POST", body=b"a\nb\n")[0][-3] == "a\nb\n"


def test_urls_are_no_patterns_and_no_options():
    words, notes = line(url=f"{URL}?a=[1-9]&b={{x,y}}&c=***\x1b ")
    assert words[-2:] == ["--", f"{URL}?a=[1-9]&b={{x,y}}&c=***%1B%20"] and notes == ["*** stands for what was masked"]


def test_codings_are_curls_business():
    words, _ = line("POST", headers=[("accept-encoding", "gzip"), ("content-encoding", "gzip")], body=b"x")
    assert "--compressed" in words and not [word for word in words if "encoding" in word]
