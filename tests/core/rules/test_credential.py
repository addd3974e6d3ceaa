"""What is a credential, wherever a client may put it."""

import pytest
from support.rules import look_alike

from amp_addons.core.rules.credential import is_credential, is_protected, query_without_credentials, without_credentials

BY_NAME = """
Authorization proxy-authorization X-Api-Key x-goog-api-key api-key Cookie set-cookie x-auth-token x-access-token x-amz-security-token
sec-websocket-protocol x-csrf-token x-session x-my-secret private-token x-amz-signature x-amp-installation-id x-jwt-assertion
cf-access-client-secret
""".split()
KEPT = [
    ("content-type", "application/json"), ("User-Agent", "amp/1.0"), ("anthropic-version", "2023-06-01"), ("anthropic-beta", "a,b"),
    ("accept", "*/*"), ("x-amp-thread-id", "T-1"), ("sec-websocket-key", "dGhlIHNhbXBsZQ=="), ("idempotency-key", "x"), ("x-author", "me"),
    ("referer", "https://a.example/x?page=2"), ("max-forwards", "3"),
]  # fmt: skip
BY_LOOK = [look_alike(), look_alike("jwt"), look_alike("amp"), look_alike("bearer"), f"see {look_alike()} here", "x" * 20_000]


@pytest.mark.parametrize("name", BY_NAME)
def test_by_its_name(name: str) -> None:
    for spelled in (name, name.upper(), name.lower()):
        assert is_credential(spelled.encode(), b"x")


@pytest.mark.parametrize("value", BY_LOOK, ids=range(len(BY_LOOK)))
def test_by_its_look(value: str) -> None:
    """Whatever the header is called."""
    assert is_credential(b"x-anything", value.encode())


@pytest.mark.parametrize(("name", "value"), KEPT)
def test_what_is_none(name: str, value: str) -> None:
    assert not is_credential(name.encode(), value.encode())


def test_a_referer_may_have_one_in_its_query() -> None:
    assert is_credential(b"Referer", b"https://a.example/x?api_key=abc")


def test_the_others_keep_order_and_spelling() -> None:
    headers = ((b"X-A", b"1"), (b"Authorization", b"x"), (b"x-a", b"2"), (b"cookie", b"a=b"), (b"COOKIE", b"c=d"), (b"X-B", b"\xff"))
    assert without_credentials(headers) == ((b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"\xff"))


QUERIES = [
    ("a=1&b=2", "a=1&b=2"),
    ("key=x&alt=sse", "alt=sse"),
    ("alt=sse&api_key=x", "alt=sse"),
    ("a=1&api%5Fkey=x&b=%41", "a=1&b=%41"),
    ("a=1&API-KEY=x", "a=1"),
    ("access_token=x", ""),
    ("a=1;api_key=x&b=2", "b=2"),
    ("x=" + look_alike(), ""),
    ("a&x=" + look_alike().replace("-", "%2D"), "a"),
    (look_alike() + "&a", "a"),
    ("getUserInfo", "getUserInfo"),
    ("keyboard=de&&a=", "keyboard=de&&a="),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("query", "kept"), QUERIES)
def test_a_query(query: str, kept: str) -> None:
    assert query_without_credentials(query) == kept


@pytest.mark.parametrize(
    ("name", "protected"), [("Authorization", True), ("X-Amp-Anything", True), ("amp-x", True), ("x-team", False), ("x-ample", False)]
)
def test_what_a_rule_may_not_touch(name: str, protected: bool) -> None:
    assert is_protected(name) is protected
