from typing import Any

import pytest

from amp_addons.core.redact.beginnings import Beginnings
from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Engine
from amp_addons.core.redact.keywords import ANYWHERE, APART, NEVER


def beginnings(*keywords: str, **fields: Any) -> Beginnings:
    return Engine([Detector(**{"id": "x", "description": "", "keywords": keywords, **fields})]).beginnings


@pytest.mark.parametrize(
    ("pattern", "late"),
    [
        ("[a-z]{2,8}://(?P<secret>[a-z]{3})", True),
        ("[a-z]{2,8}(?:://|!)(?P<secret>[a-z]{3})", False),  # it may come without the keyword
        ("[a-z]{2,8}(?P<secret>[a-z]{3})://", False),
        ("[a-z]{2,8}://[a-z]{3}", False),  # all of it is the secret
        ("[0-9]{4}", False),
    ],
)
def test_secrets_that_stand_behind_a_keyword_need_not_be_looked_for_before_it(pattern: str, late: bool) -> None:
    known = beginnings("://", pattern=pattern, edge="none")
    assert known.late_with(b"://") == ((0,) if late else ())
    assert known.roaming == (() if late else (0,))
    assert known.anywhere_with(b"://") == (0,)


def test_case_of_a_keyword_does_not_matter() -> None:
    assert beginnings("ab", pattern=".[aA][bB](?P<secret>c)", edge="none").late_with(b"ab") == (0,)
    assert beginnings("ab", pattern=".A(?P<secret>c)", edge="none").late_with(b"ab") == ()


@pytest.mark.parametrize(
    ("fields", "hold"),
    [
        ({"pattern": "key-[0-9]"}, APART),
        ({"pattern": "key-[0-9]", "edge": "none"}, ANYWHERE),
        ({"pattern": "key-(?P<secret>[0-9])"}, NEVER),
        ({"pattern": "k(?P<secret>ey-[0-9])", "begins": True}, APART),
        ({"pattern": "[0-9]", "near": True}, NEVER),
        ({"pattern": "[0-9]key-"}, NEVER),  # looked for from every place
    ],
)
def test_when_a_keywords_beginning_may_be_a_secrets(fields: dict[str, Any], hold: int) -> None:
    assert beginnings("key-", **fields).root[ord("k")][ord("e")].hold == hold


def test_detectors_by_keyword() -> None:
    known = beginnings("key-", pattern="key-[0-9]")
    family = known.starting_with(b"key-", apart=True, begins=False)
    assert family is not None and family.numbers == (0,)
    assert known.starting_with(b"key-", apart=True, begins=False) is family
    assert known.starting_with(b"key-", apart=False, begins=False) is None
