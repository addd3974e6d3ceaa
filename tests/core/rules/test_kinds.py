"""The checks of each kind of text, as msgspec describes them to whoever reads a file."""

from typing import Any

import pytest
from msgspec import inspect

from amp_addons.core.rules import kinds
from amp_addons.rulefiles import types
from amp_addons.rulefiles.node import Leaf

CASES: list[tuple[Any, list[Any], list[Any]]] = [
    (kinds.Text, ["a*", "re:a.*", ""], ["re:(?=a)", "re:("]),
    (kinds.HostText, ["*.example", "RE:("], ["re:("]),
    (kinds.PathText, ["/api/**"], ["re:["]),
    (kinds.Network, ["10.0.0.0/8", "10.0.0.1", "::1"], ["10.0.0.1/8", "x", "10.0.0.0/33", ""]),
    (kinds.HeaderName, ["x-a"], ["host", "a b", "a\r\nb"]),
    (kinds.SeenName, ["x-a", "host", "Upgrade"], ["a b", "a\r\nb"]),
    (kinds.HeaderValue, ["x", ""], ["a\r\nb", "a\x00"]),
    (kinds.Url, ["https://x/y"], ["x", "https://a@b", "https://x\r\n"]),
    (kinds.Proxy, ["http://x:1"], ["http://x:1/y"]),
    (kinds.Pointer, ["", "/a", "/a~1b", "/a~0", "/messages/-"], ["a", "/a~2", "/~"]),
    (kinds.Line, ["gpt-5", "a b"], ["a\nb", "a\x1b[31m", "\u202e", ""]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), CASES, ids=[str(case[0]) for case in CASES])
def test_what_is_taken_and_what_is_refused(kind: Any, good: list[str], bad: list[str]) -> None:
    info = inspect.type_info(kind)

    def taken(value: str) -> bool:
        return types.keeps_limits(Leaf(1, 1, value), info) and not types.objection(Leaf(1, 1, value), info)

    assert [value for value in good if not taken(value)] == []
    assert [value for value in bad if taken(value)] == []
