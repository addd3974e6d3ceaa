from typing import Any

import msgspec
import pytest

from amp_addons.core.redact.detector import Detector, UserDetector, stands_apart
from amp_addons.core.redact.engine import Engine


def detector(**fields: Any) -> Detector:
    return Detector(**{"id": "x", "description": "", "keywords": ("key-",), "pattern": "key-[0-9]{4}", **fields})


def found(text: str, **fields: Any) -> list[str]:
    return [text[one.start : one.end] for one in Engine([detector(**fields)]).find(text)]


@pytest.mark.parametrize(
    ("text", "edge", "expected"),
    [
        ("key-1234", "token", ["key-1234"]),
        ("a key-1234.", "token", ["key-1234"]),
        ("monkey-1234", "token", []),
        ("_key-1234", "token", ["key-1234"]),
        ("\\nkey-1234\\n", "token", ["key-1234"]),
        ("x%3Dkey-1234", "token", ["key-1234"]),
        ("key-12345", "token", []),
        ("key-1234-5", "token", []),
        ("key-1234_", "word", ["key-1234"]),
        ("key-1234a", "word", []),
        ("key-12345", "left", ["key-1234"]),
        ("monkey-1234", "left", []),
        ("monkey-12345", "none", ["key-1234"]),
        ("key-1234,key-5678", "token", ["key-1234", "key-5678"]),
        ("key-12key-1234", "token", []),
        ("key-key-1234", "token", ["key-1234"]),
        ("KEY-1234", "token", []),
    ],
)
def test_what_may_stand_around_a_match(text: str, edge: str, expected: list[str]) -> None:
    assert found(text, edge=edge) == expected
    assert found("é" + text + "é", edge=edge) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme_token = 'ab12'", ["ab12"]),
        ("ACME: ab12", ["ab12"]),
        ("acme ab12", ["ab12"]),
        ("acme commit ab12", []),
        ("acme\nx\ny ab12", []),
        ("placme_token=ab12", []),
    ],
)
def test_a_value_counts_only_right_after_its_services_name(text: str, expected: list[str]) -> None:
    assert found(text, keywords=("acme",), pattern="[0-9a-f]{4}", near=True) == expected


def test_a_secret_may_be_a_part_and_go_on() -> None:
    assert found("key-<1234>", pattern="key-<(?P<secret>[0-9]{4})>") == ["1234"]
    assert found("key-1234abc_d e", edge="left", run="word") == ["key-1234abc_d"]


def test_what_is_refused() -> None:
    assert found("key-1111", entropy=3.0) == []
    assert found("key-xxxx", pattern="key-[a-z]{4}") == []
    assert found("key-xxxx", pattern="key-[a-z]{4}", fillers=True) == ["key-xxxx"]
    digest = "5fffe62bd8f74b6d"
    assert found("key-1234", published=frozenset({digest})) == ["key-1234"]


def test_a_published_value_is_known_by_its_digest() -> None:
    from hashlib import sha256

    assert found("key-1234 key-5678", published=frozenset({sha256(b"key-1234").hexdigest()[:16]})) == ["key-5678"]


def test_a_keyword_need_not_stand_first() -> None:
    assert found("1234-key-5678", pattern="[0-9]{4}-key-[0-9]{4}") == ["1234-key-5678"]
    assert found("alpha-1234 beta-1", keywords=("alpha-", "beta-"), pattern="(?:alpha|beta)-[0-9]{1,4}", begins=True) == [
        "alpha-1234",
        "beta-1",
    ]


def test_how_wide_a_secret_can_be_is_known() -> None:
    assert detector().max_width == 8 + 4
    assert detector(run="pem").max_width > 65_536


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pattern": "key-[0-9]*"}, "longest length"),
        ({"pattern": "key-[0-9]{1,}"}, "longest length"),
        ({"pattern": "(?=k)key"}, "RE2"),
        ({"pattern": r"(k)\1"}, "RE2"),
        ({"pattern": "k" * 5000}, "4096 characters"),
        ({"pattern": ".{1000}" * 5}, "bytes at most"),
        ({"keywords": ("Key",)}, "lower case"),
        ({"keywords": ("ключ",)}, "ASCII"),
        ({"keywords": ("k" * 65,)}, "64"),
        ({"pattern": "(?P<secret>k)", "near": True}, "none with near"),
        ({"pattern": "(?P<secret>k)(?P<secret>y)"}, "one at most"),
        ({"pattern": "k?", "edge": "none"}, "matches nothing"),
    ],
)
def test_a_users_detector_is_tried_at_once(fields: dict[str, Any], said: str) -> None:
    values = {"id": "x", "description": "", "keywords": ["key-"], "pattern": "key-[0-9]{4}", **fields}
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(values, UserDetector)


def test_places() -> None:
    assert stands_apart(b"key", 0)
    assert stands_apart(b" key", 1)
    assert not stands_apart(b"nkey", 1)
    assert stands_apart(b"\\nkey", 2)
    assert stands_apart(b"%3Dkey", 3)
