"""Requests after redaction: modes, places, and what is refused."""

import gzip
import json
import re
from typing import Any

import pytest
from support.rules import MESSAGES, request, rules_of
from support.secrets import SCOPE, SECRET, SECRETS, hiding, redaction, redactor

from amp_addons.core.encoding import decode_body, encode_body
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.redact.action import Hiding, Redacted, Refused, redact, replacer
from amp_addons.core.redact.vault import Vault
from amp_addons.core.rules.outcome import Outcome, decided
from amp_addons.core.rules.then import RedactMode

MODES = {
    "mask": r"\*\*\*",
    "drop": "",
    "hash": r"\[model:[0-9a-f]{12}\]",
    "placeholder": "zqx[a-z2-7]{29}",
}
THREAD = {"content-type": "application/json", "x-amp-thread-id": "T-1"}


def parts(headers: Any = (), query: str = "", body: bytes | None = None) -> Redacted:
    return Redacted(headers=tuple(headers), query=query, body=body, found={})


def redacted(parts: Redacted, mode: RedactMode = "mask", *, is_json: bool = True, **spec: Any) -> Redacted:
    return redact(parts, redaction(mode, **spec), replacer(mode, hiding(), SCOPE), is_json=is_json)


def outcome(exchange: Exchange, mode: RedactMode = "mask", rule_mode: Any = "enforce", hide: Hiding | None = None, **spec: Any) -> Outcome:
    rules = rules_of({"then": {"redact": {"using": "secrets", **spec}}}, mode=rule_mode, redactors={"secrets": (mode, redactor())})
    return decided(rules, exchange, hide or hiding())


@pytest.mark.parametrize("mode", MODES)
def test_modes(mode: Any) -> None:
    """In every place, and the same secret is told again."""
    body = json.dumps({"a": f"<{SECRET}> <{SECRET}>"}).encode()
    out = redacted(parts([(b"x-a", f"<{SECRET}>".encode())], f"q=<{SECRET}>", body), mode)
    first, second = re.fullmatch(f"<({MODES[mode]})> <({MODES[mode]})>", json.loads(out.body or b"")["a"]).groups()  # type: ignore[union-attr]
    assert first == second
    assert re.fullmatch(f"<{MODES[mode]}>".encode(), out.headers[0][1])
    assert SECRET not in out.query and SECRET not in repr(out)
    assert out.found == {
        ("rule", "request header", "model"): 1,
        ("rule", "request query", "model"): 1,
        ("rule", "request body", "model"): 2,
    }


@pytest.mark.parametrize(
    "where", [{"headers": [(b"x-a", SECRET.encode())]}, {"query": f"q={SECRET}"}, {"body": json.dumps([SECRET]).encode()}]
)
def test_block_names_kinds_and_never_values(where: Any) -> None:
    with pytest.raises(Refused) as caught:
        redacted(parts(**where), "block")
    assert "model (anthropic-api-key)" in str(caught.value)
    assert SECRET[:12] not in str(caught.value)
    assert redacted(parts([(b"x-a", b"b")], "q=1", b"{}"), "block").found == {}


def test_places_that_are_not_asked_for_stay() -> None:
    whole = parts([(b"x-a", SECRET.encode())], f"q={SECRET}", json.dumps([SECRET]).encode())
    out = redacted(whole, headers=False, query=False, request=False)
    assert (out.headers, out.query, out.body, out.found) == (whole.headers, whole.query, whole.body, {})


@pytest.mark.parametrize(
    ("paths", "changed"),
    [
        (["/messages/*/content"], {"/messages/0/content", "/messages/1/content/0/text"}),
        (["/messages/0"], {"/messages/0/content"}),
        (["/system"], {"/system"}),
        (["/a~1b"], {"/a~1b"}),
        (["/none"], set()),
    ],
)
def test_paths(paths: list[str], changed: set[str]) -> None:
    body = {"system": SECRET, "messages": [{"content": SECRET}, {"content": [{"text": SECRET}]}], "a/b": SECRET}
    out = redacted(parts(body=json.dumps(body).encode()), paths=paths)
    new = json.loads(out.body or b"")
    flat = {
        "/system": new["system"],
        "/messages/0/content": new["messages"][0]["content"],
        "/messages/1/content/0/text": new["messages"][1]["content"][0]["text"],
        "/a~1b": new["a/b"],
    }
    assert {pointer for pointer, text in flat.items() if text != SECRET} == changed


def test_credentials_stay_for_the_host_they_are_for() -> None:
    headers = [(name, SECRET.encode()) for name in (b"Authorization", b"x-api-key", b"Cookie", b"amp-thing", b"X-Amp-Other")]
    out = redacted(parts(headers, f"key={SECRET}&access%5Ftoken={SECRET}"))
    assert out.headers == tuple(headers)
    assert out.query == f"key={SECRET}&access%5Ftoken={SECRET}"
    assert not out.found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"a=1&q={SECRET}&b=%41", "a=1&q=%2A%2A%2A&b=%41"),
        (f"q=%{ord(SECRET[0]):02x}{SECRET[1:]}", "q=%2A%2A%2A"),
        (f"q=my+key+{SECRET}", "q=my+key+%2A%2A%2A"),
        (f"q=1%2B1+{SECRET}", "q=1%2B1%2B%2A%2A%2A"),
        (SECRET, "%2A%2A%2A"),
    ],
)
def test_queries(query: str, expected: str) -> None:
    assert redacted(parts(query=query)).query == expected


def test_a_body_that_is_a_text() -> None:
    assert redacted(parts(body=f"é {SECRET}".encode()), is_json=False).body == "é ***".encode()
    with pytest.raises(Unreadable):
        redacted(parts(body=b"\xff" + SECRET.encode()), is_json=False)
    assert redacted(parts(body=SECRET.encode()), is_json=False, paths=["/a"]).body == SECRET.encode()


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_compressed_bodies_stay_compressed(coding: str) -> None:
    body = encode_body(json.dumps({"a": SECRET}).encode(), coding)
    out = outcome(request(MESSAGES, body, {**THREAD, "content-encoding": coding, "content-length": str(len(body))})).out
    assert out and json.loads(decode_body(out.body, coding, 9999) or b"") == {"a": "***"}
    assert (b"content-length", str(len(out.body)).encode()) in out.headers


BODY = json.dumps({"a": SECRET}).encode()
REFUSED = [
    pytest.param(BODY[:-1], {}, id="truncated"),
    pytest.param(b'{"model": 1, "model": 2}', {}, id="key twice"),
    pytest.param(b"\xef\xbb\xbf" + BODY, {}, id="mark"),
    pytest.param(BODY.decode().encode("utf-16"), {}, id="UTF-16"),
    pytest.param(b'{"a": "\xff"}', {}, id="no UTF-8"),
    pytest.param(BODY, {"content-encoding": "gzip"}, id="wrong coding"),
    pytest.param(gzip.compress(BODY)[:-9], {"content-encoding": "gzip"}, id="cut off"),
    pytest.param(BODY, {"content-encoding": "compress"}, id="unknown coding"),
    pytest.param(BODY, {"content-digest": "sha-256=:x:"}, id="signed"),
    pytest.param(BODY, {"authorization": "AWS4-HMAC-SHA256 x"}, id="signed by AWS"),
]


@pytest.mark.parametrize(("body", "headers"), REFUSED)
def test_what_cannot_be_redacted_is_refused(body: bytes, headers: dict[str, str]) -> None:
    found = outcome(request(MESSAGES, body, {**THREAD, **headers}))
    assert found.decision.action == "block" and found.out is None
    assert found.decision.block and SECRET[:12] not in repr(found)


def test_a_full_vault_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amp_addons.core.redact.vault.MAX_SECRETS", 1)
    found = outcome(request(MESSAGES, {"a": " ".join(SECRETS)}, THREAD), "placeholder")
    assert found.decision.action == "block" and found.out is None


def test_a_rule_that_observes_counts_and_changes_nothing() -> None:
    exchange = request(f"{MESSAGES}?q={SECRET}", {"a": SECRET}, THREAD)
    for mode in (*MODES, "block"):
        found = outcome(exchange, mode, "observe")  # type: ignore[arg-type]
        assert found.out is None and found.decision.action != "block"
        assert [each.detail for each in found.decision.applied] == ["would redact 2"]
    broken = outcome(request(MESSAGES, BODY[:-1], THREAD), rule_mode="observe")
    assert broken.out is None and broken.decision.applied[0].unreadable


def test_placeholders_are_for_the_conversation() -> None:
    hide = hiding()
    with_thread = outcome(request(MESSAGES, {"a": SECRET}, THREAD), "placeholder", hide=hide).out
    without = outcome(request(MESSAGES, {"a": SECRET}), "placeholder", hide=hide).out
    assert with_thread and without and with_thread.scope and without.scope is None
    assert json.loads(with_thread.body) == json.loads(without.body) != {"a": SECRET}
    assert list(hide.vault.known(with_thread.scope, 0).values()) == [SECRET]
    assert SECRET not in repr(with_thread) and "127.0.0.1" == with_thread.scope.client


def test_a_placeholder_in_the_text_is_not_taken_and_its_own_is() -> None:
    hide = hiding()
    first = hide.vault.placeholder(SECRET)
    out = outcome(request(MESSAGES, {"a": SECRET, "b": first}, THREAD), "placeholder", hide=hide).out
    assert out and json.loads(out.body)["a"] == hide.vault.placeholder(SECRET, 1)
    again = outcome(request(MESSAGES, {"a": SECRET, "b": f'token = "{json.loads(out.body)["a"]}"'}, THREAD), "placeholder", hide=hide).out
    assert again and json.loads(again.body)["b"] == f'token = "{json.loads(out.body)["a"]}"'


def test_two_redactions_after_each_other_keep_placeholders() -> None:
    """The second one would take a placeholder for a secret: what it stands for would not come back."""
    exchange = request(MESSAGES, {"a": f'api_key = "{SECRET}"'}, THREAD)
    hide = hiding()
    spec = {"then": {"redact": {"using": "secrets"}}}
    found = decided(rules_of(spec, spec, redactors={"secrets": ("placeholder", redactor())}), exchange, hide)
    assert found.out
    known = hide.vault.known(found.out.scope, 0)
    [secret] = known.values()
    assert secret == SECRET


def test_repr_holds_no_key() -> None:
    hide = Hiding(vault=Vault(b"hush"), key=b"hush")
    assert "hush" not in repr(hide) + str(hide)
