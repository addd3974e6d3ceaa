"""Bodies: only the bytes of strings that hold a secret change, whichever way it is spelled."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.secrets import PEM, SECRET, SECRETS, redactor

from amp_addons.core.redact.body import Hit, is_untouchable, redact_json, redact_text, restored
from amp_addons.core.redact.engine import Finding

GITHUB = SECRETS[1]


def masked(data: bytes) -> bytes:
    return redact_json(data, redactor().find, lambda _finding, _secret: "***")[0]


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


S = SECRET
SPELLED = [
    pytest.param(f'{{"a": "x {S} y"}}', '{"a": "x *** y"}', id="plain"),
    pytest.param(f'{{"a":"\\u{ord(S[0]):04x}{S[1:]}"}}', '{"a":"***"}', id="one escape"),
    pytest.param(f'{{"a":"{escaped(S)}"}}', '{"a":"***"}', id="all escapes"),
    pytest.param(f'{{"a":"{S}","a":"{S}"}}', '{"a":"***","a":"***"}', id="key twice"),
    pytest.param(f'{{"a":"\\ud800 {S}\\u0000"}}', '{"a":"\\ud800 ***\\u0000"}', id="half a pair and NUL"),
    pytest.param(f'["{S}" , "é"]', '["***" , "é"]', id="array"),
    pytest.param(f'"{S}"', '"***"', id="only a string"),
    pytest.param(json.dumps({"a": json.dumps({"b": S})}), json.dumps({"a": json.dumps({"b": "***"})}), id="JSON in JSON"),
    pytest.param(json.dumps({"a": f'{{"b":"{escaped(S)}"}}'}), json.dumps({"a": '{"b":"***"}'}), id="escapes in JSON in JSON"),
    pytest.param(json.dumps({"a": list(PEM)}), json.dumps({"a": ["***"] * len(PEM)}), id="PEM line by line"),
    pytest.param(json.dumps(PEM), json.dumps(["***"] * len(PEM)), id="PEM line by line as the whole body"),
    pytest.param(json.dumps({"a": "\n".join(PEM)}), '{"a": "***"}', id="PEM"),
    pytest.param(
        json.dumps({"input": [{"text": PEM[0]}, {"text": GITHUB}, {"text": PEM[-1]}]}),
        json.dumps({"input": [{"text": PEM[0]}, {"text": "***"}, {"text": PEM[-1]}]}),
        id="between the lines of a PEM",
    ),
    pytest.param(json.dumps({"password": "hunter2" + "Zq9w", "b": 1}), '{"password": "***", "b": 1}', id="by its key"),
    pytest.param(
        json.dumps({"image_url": {"url": f"https://a.example/?k={S}"}}),
        '{"image_url": {"url": "https://a.example/?k=***"}}',
        id="URL of an image",
    ),
    pytest.param(
        json.dumps({"content": [{"input": {"id": S, "model": S}}]}),
        '{"content": [{"input": {"id": "***", "model": "***"}}]}',
        id="given to a tool",
    ),
]


@pytest.mark.parametrize(("body", "expected"), SPELLED)
def test_a_secret_is_found_however_it_is_spelled(body: str, expected: str) -> None:
    assert masked(body.encode()).decode() == expected


LEFT = [
    {"signature": SECRET},
    {"thinking": f"the {SECRET}"},
    {"encrypted_content": SECRET},
    {"thoughtSignature": SECRET},
    {"id": SECRET, "tool_use_id": SECRET, "call_id": SECRET},
    {"source": {"type": "base64", "data": "AAAA" + SECRETS[2] + "="}},
    {"inlineData": {"data": "AAAA/" + SECRETS[2]}},
    {"image_url": {"url": "data:image/png;base64,AAAA/" + SECRETS[2]}},
    {SECRET: 1},
]


@pytest.mark.parametrize("value", LEFT, ids=[next(iter(value))[:9] for value in LEFT])
def test_identifiers_signatures_and_data_stay(value: Any) -> None:
    data = json.dumps(value).encode()
    assert redact_json(data, redactor().find, lambda *_: "***") == (data, [])


def test_what_only_pretends_to_be_data_is_looked_into() -> None:
    assert not is_untouchable("data", "/a/source/data", f"my key is {SECRET}")
    assert not is_untouchable("url", "/a/url", f"data:text/plain,{SECRET}")
    assert not is_untouchable("data", "/data", "AAAA")


strings = st.one_of(
    st.text(max_size=8), st.sampled_from(SECRETS), st.sampled_from([f"a {SECRET} b", "\ud800", "\0", '"\\', PEM[0], PEM[-1]])
)
values = st.recursive(
    strings | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_only_the_strings_with_a_secret_change(value: Any, indent: int | None, ascii: bool) -> None:
    try:
        data = json.dumps(value, indent=indent, ensure_ascii=ascii).encode()
    except UnicodeEncodeError:
        return
    new, hits = redact_json(data, redactor().find, lambda _finding, _secret: "***")
    expected = json.loads(data)

    def same(before: Any, after: Any) -> None:
        if isinstance(before, str):
            assert after == before or "***" in after
            assert not any(secret in after for secret in SECRETS)
        elif isinstance(before, list | dict):
            keys = before if isinstance(before, dict) else range(len(before))
            assert len(after) == len(before)
            for key in keys:
                same(before[key], after[key])
        else:
            assert after == before

    same(expected, json.loads(new))
    assert (new is data) == (not hits)


@given(values)
def test_a_secret_goes_by_what_its_key_says_wherever_it_stands(value: Any) -> None:
    """The strings around it are searched with it."""
    try:
        data = json.dumps([value, {"password": "hunter2" + "Zq9w", "a": value}, value]).encode()
    except UnicodeEncodeError:
        return
    assert json.loads(masked(data))[1]["password"] == "***"


def test_the_rest_stays_byte_for_byte() -> None:
    data = ('{ "a" :\t"' + SECRET + '",\r\n"b": "\\u00e9\\/", "n": 1.0e5, "é": "\\"" }').encode()
    assert masked(data) == data.replace(SECRET.encode(), b"***")


def test_chosen_strings_only() -> None:
    data = json.dumps({"a": SECRET, "b": SECRET}).encode()
    new, hits = redact_json(data, redactor().find, lambda *_: "", lambda pointer: pointer == "/b")
    assert json.loads(new) == {"a": SECRET, "b": ""}
    assert [hit.where for hit in hits] == ["/b"]


def test_a_replacement_gets_the_secret_and_the_hit_does_not() -> None:
    seen: list[str] = []

    def replace(_finding: Finding, secret: str) -> str:
        seen.append(secret)
        return '"\n'

    new, hits = redact_json(json.dumps([SECRET]).encode(), redactor().find, replace)
    assert (json.loads(new), seen) == (['"\n'], [SECRET])
    assert hits == [Hit("anthropic-api-key", "model", "/0")] and SECRET not in repr(hits)


def test_a_text() -> None:
    assert redact_text(f"a {SECRET} b", redactor().find, lambda *_: "***")[0] == "a *** b"
    assert redact_text(f'{{"a": "{escaped(SECRET)}', redactor().find, lambda *_: "***")[0] == '{"a": "***'
    assert redact_text("\\u0041 nothing", redactor().find, lambda *_: "***") == ("\\u0041 nothing", [])


def test_an_escaped_backslash_begins_no_escape() -> None:
    text = "\\\\u0041 \\u0041 " + escaped(SECRET)
    assert redact_text(text, redactor().find, lambda *_: "***")[0] == "\\\\u0041 A ***"


def test_strings_are_changed_by_pointer() -> None:
    data = b'{"a": ["x", "\\u0078"], "id": "x"}'
    seen: list[tuple[str, str]] = []
    assert restored(data, lambda pointer, text: seen.append((pointer, text)) or '"') == b'{"a": ["\\"", "\\""], "id": "x"}'
    assert seen == [("/a/0", "x"), ("/a/1", "x")]
    assert restored(data, lambda _pointer, text: text) is data
