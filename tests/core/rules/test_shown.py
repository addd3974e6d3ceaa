import pytest

from amp_addons.core.rules.shown import shown_header, shown_value

KEY = "sk-" + "a1" * 20


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (b"Authorization", b"Bearer x", "***"),
        (b"Cookie", b"a=b", "***"),
        (b"x-amp-installation-id", b"me", "***"),
        (b"x-plain", KEY.encode(), "***"),
        (b"x-plain", b"a\x1b[2Jb\x9b", "a\\x1b[2Jb\\udc9b"),
        (b"accept", b"*/*", "*/*"),
    ],
)
def test_headers(name: bytes, value: bytes, shown: str) -> None:
    assert shown_header(name, value) == shown


@pytest.mark.parametrize(
    ("pointer", "value", "shown"),
    [
        ("/model", "claude", '"claude"'),
        ("/metadata/api_key", "x", '"***"'),
        ("/a", {"token": "x", "b": [{"secret": 1, "c": KEY}]}, '{"token":"***","b":[{"secret":"***","c":"***"}]}'),
        ("/a", "\u202e\x1b", '"\\u202e\\u001b"'),
        ("/a", None, "null"),
    ],
)
def test_values(pointer: str, value: object, shown: str) -> None:
    assert shown_value(pointer, value) == shown
