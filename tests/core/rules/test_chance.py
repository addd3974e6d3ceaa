"""Choices by chance: sticky, fair, and others with another secret."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import destination, request, rules_of

from amp_addons.core.rules.chance import share
from amp_addons.core.rules.ruleset import RuleSet

THREADS = 4000


def of_thread(n: int, **more: object) -> object:
    return request(body={"model": "m"}, headers={"x-amp-thread-id": f"T-{n}"}, **more)


def split_rules(secret: bytes = b"s", rule: str = "canary") -> RuleSet:
    parts = [{"upstream": name, "weight": weight} for name, weight in (("old", 90), ("none", 0), ("new", 10))]
    upstreams = {name: destination(f"https://{name}.example") for name in ("old", "none", "new")}
    return rules_of({"id": rule, "then": {"route": {"split": parts}}}, upstreams=upstreams, secret=secret)


def chosen(rules: RuleSet) -> list[str]:
    found = [rules.decide(of_thread(n)).upstream for n in range(THREADS)]
    return [upstream.origin.host for upstream in found]


def test_a_split_has_its_shares() -> None:
    """Four standard deviations of a fair draw: 1.9 of a hundred."""
    counts = Counter(chosen(split_rules()))
    assert abs(counts["new.example"] / THREADS - 0.10) < 0.019
    assert counts["none.example"] == 0


def test_a_split_is_sticky_and_changed_by_the_secret_and_the_rule() -> None:
    first = chosen(split_rules())
    assert first == chosen(split_rules())
    for other in (chosen(split_rules(b"t")), chosen(split_rules(rule="other"))):
        moved = sum(a != b for a, b in zip(first, other, strict=True)) / THREADS
        assert 0.14 < moved < 0.22  # 2 * 0.9 * 0.1 of independent draws


@pytest.mark.parametrize("percent", [0, 1, 25, 99.5, 100])
def test_a_sample_has_its_share(percent: float) -> None:
    rules = rules_of({"match": {"sample": percent}}, secret=b"s")
    share_of = sum(rules.decide(of_thread(n)).action == "block" for n in range(THREADS)) / THREADS
    assert abs(share_of - percent / 100) < 4 * (percent / 100 * (1 - percent / 100) / THREADS) ** 0.5 + 1e-9


def test_a_growing_sample_keeps_those_it_has() -> None:
    small, large = (rules_of({"match": {"sample": percent}}, secret=b"s") for percent in (10, 20))
    assert not any(small.decide(of_thread(n)).rules and not large.decide(of_thread(n)).rules for n in range(THREADS))


KEYS = [
    ("thread", {"headers": {"x-amp-thread-id": "a"}}, {"headers": {"x-amp-thread-id": "b"}}),
    ("client", {"client": "10.0.0.1"}, {"client": "10.0.0.2"}),
    ("model", {"body": {"model": "a"}}, {"body": {"model": "b"}}),
    ("request", {"flow": "1"}, {"flow": "2"}),
    ("thread", {"client": "10.0.0.1"}, {"client": "10.0.0.2"}),
]


@pytest.mark.parametrize(("by", "one", "other"), KEYS)
def test_the_same_key_the_same_share(by: str, one: dict, other: dict) -> None:
    """Whatever else differs. A request without a thread goes by its client."""
    assert share(request(**one), by, "r", b"") == share(request("https://x.example/y", **one), by, "r", b"")
    assert share(request(**one), by, "r", b"") != share(request(**other), by, "r", b"")


@given(st.text(), st.binary(max_size=100))
def test_a_share_is_below_one(thread: str, secret: bytes) -> None:
    assert 0 <= share(request(headers={}, flow=thread), "request", "r", secret) < 1
