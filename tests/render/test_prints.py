import io
import logging
import time

import pytest
from mitmproxy import log
from support.display import HARMLESS, HOSTILE

from amp_addons.render.prints import MAX_TEXT, CleanFormatter, Prints, clean, clean_dump

KEY = "sk-" + "ant-api03-" + "Ab3dEf6hIj9kLm2nOp5q"
PEM = "-----BEGIN " + "PRIVATE KEY-----\n    MIIabc\n    -----END " + "PRIVATE KEY-----"
WORD = "hush" + "hush1"

MESSAGES = [
    pytest.param("client connect", "client connect", id="harmless"),
    pytest.param(f"found {KEY} there", "found *** there", id="key shape"),
    pytest.param(f"GET https://h/x?token={WORD}&a=1 failed", "GET https://h/x?token=***&a=1 failed", id="query key"),
    pytest.param(f"GET https://me:{WORD}@h/x failed", "GET https://***@h/x failed", id="user info"),
    pytest.param(HOSTILE, HARMLESS, id="control characters"),
    pytest.param("one\ntwo\n[12:00:00] forged", "one\n    two\n    [12:00:00] forged", id="no line can be forged"),
    pytest.param("why? because", "why? because", id="a question"),
]


@pytest.mark.parametrize(("text", "expected"), MESSAGES)
def test_message_is_cleaned(text, expected):
    assert clean(text) == expected


DUMPS = [
    pytest.param(f"    Authorization: Bearer {WORD}", "    Authorization: ***", id="header"),
    pytest.param(f"    X-API-Key: {WORD}", "    X-API-Key: ***", id="header in any case"),
    pytest.param(f"    cookie: a={WORD}; b=2", "    cookie: ***", id="cookie"),
    pytest.param("    anthropic-ratelimit-tokens-remaining: 39000", "    anthropic-ratelimit-tokens-remaining: 39000", id="a number"),
    pytest.param("    date: Sun, 23 Nov 2025 22:00:00 GMT", "    date: Sun, 23 Nov 2025 22:00:00 GMT", id="a date"),
    pytest.param(f'    "accessToken": "{WORD}",', '    "accessToken": ***', id="JSON field"),
    pytest.param('    "output_tokens": 12,', '    "output_tokens": 12,', id="JSON number"),
    pytest.param(f"127.0.0.1:5: GET https://h/x?rvt-token={WORD}", "127.0.0.1:5: GET https://h/x?rvt-token=***", id="request line"),
    pytest.param(f"WebSocket message -> h:443/x?rvt-token={WORD}", "WebSocket message -> h:443/x?rvt-token=***", id="path"),
    pytest.param(f"    location: https://h/x?code={WORD}", "    location: https://h/x?code=***", id="URL in a header"),
    pytest.param(f"    {PEM}\n    b", "    ***\n    b", id="key of some lines"),
    pytest.param(f"    {HOSTILE}\n\n    b", f"    {HARMLESS}\n\n    b", id="control characters"),
]


@pytest.mark.parametrize(("text", "expected"), DUMPS)
def test_dump_is_cleaned(text, expected):
    assert clean_dump(text) == expected


@pytest.mark.parametrize("text", ["x" * 10**7, "?" * 10**7, "x?" * 10**6, ":// " * 10**6, " " * 10**7, '"' * 10**7, "a: " * 10**6])
@pytest.mark.parametrize("cleaned", [clean, clean_dump])
def test_huge_text_is_cut_off_and_costs_little(cleaned, text):
    begun = time.process_time()
    assert len(cleaned(text)) < 4 * MAX_TEXT
    assert time.process_time() - begun < 1.0


def record(message, *args, **fields):
    found = logging.LogRecord("x", logging.WARNING, "f.py", 1, message, args, fields.pop("exc_info", None))
    found.__dict__.update(fields)
    return found


@pytest.fixture
def formatter():
    return CleanFormatter(log.MitmFormatter(colorize=True))


def test_log_line_keeps_its_own_colours_only(formatter):
    line = formatter.format(record("a \x1b[31mforged\x1b[0m %s", HOSTILE, client=("127.0.0.1", 5)))
    assert line.endswith(f" \x1b[33ma \\x1b[31mforged\\x1b[0m {HARMLESS}\x1b[0m")
    assert line.startswith("\x1b[36m\x1b[2m[") and "[127.0.0.1:5]" in line


def test_tracebacks_are_cleaned_and_the_record_stays_as_it_was(formatter):
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        found = record("failed", exc_info=(type(error), error, error.__traceback__))
    line = formatter.format(found)
    assert f"ValueError: {HARMLESS}" in line and "\n    Traceback" in line
    assert line.count("ValueError: ") == 1 and "\x1b]" not in line
    assert found.msg == "failed" and found.exc_info


def test_prints_are_handed_on_whole():
    found = []
    file = Prints(found.append, io.StringIO())
    print("one", file=file)
    print("two\nthree", file=file)
    file.write("fo")
    file.flush()
    assert found == ["one", "two\nthree"]
    file.write("ur\n")
    assert found[2:] == ["four"] and not file.isatty()


def test_print_that_never_ends_is_bounded():
    found = []
    file = Prints(found.append, io.StringIO())
    for _ in range(100):
        file.write("x" * 10_000)
    assert len(found) == 1_000_000 // (MAX_TEXT + 10_000)
