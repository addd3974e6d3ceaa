import random
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amp_addons.core.redact import streaming
from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Redactor, replace
from amp_addons.core.redact.streaming import MaskStream


def detector(name: str, *keywords: str, **fields: Any) -> Detector:
    return Detector(**{"id": name, "description": "", "keywords": keywords, "kind": "chat", **fields})


DETECTORS = [
    detector("key", "key-", pattern="key-[0-9]{4,8}"),
    detector("mixed", "mk_", pattern="mk_[0-9a-z]{4,6}", edge="left", run="word", check="mixed"),
    detector("middle", "-kk-", pattern="[0-9a-z]{4}-kk-[0-9]{2}"),
    detector("part", "pass=", "pwd=", pattern="(?:pass|pwd)=(?P<secret>[^ ;]{3,12});", begins=True, edge="none", check="userinfo"),
    detector("url", "://", pattern="[a-z]{1,5}://[a-z]{0,3}:(?P<secret>[a-z0-9]{2,6})@[a-z]", edge="none", check="userinfo"),
    detector("near", "acme", pattern="[0-9a-f]{4}", near=True),
    detector("given", "key", "token", pattern="(?i:key|token) ?= ?(?P<secret>[a-z-]{0,8}[0-9])", begins=True, edge="none", run="value",
             check="chosen", yields=True),
    detector("away", "far", pattern="[0-9]{5}", edge="word"),
    detector("greedy", "q", pattern="q[^b]{0,30}b", edge="none", begins=True),
    detector("begin", "bb", pattern="^(?:x)?bb[0-9]", edge="none"),
    detector("edges", "ed", pattern=r"\bed[0-9]{1,3}\b", edge="none"),
    detector("lines", "ln", pattern=r"(?m)^ln[0-9]{1,3}$", edge="none"),
    detector("wide", "ka", "kb", pattern="ka[a-z0-9= ]{0,20}END|kb=[0-9]", begins=True, edge="none"),
    detector("dollar", "a1$b_", pattern=r"a1\$b_[0-9]{4}"),
    detector("pem", "-----begin", pattern="-----BEGIN (?:A )?KEY-----", run="pem", edge="none", fillers=True, check="pem"),
]  # fmt: skip
REDACTOR = Redactor(DETECTORS)

WORDS = """
key- 1234 key-1234 12345 mk_ a1b2 a1b2c3d4 4f5g -kk- 77 ab12-kk-34 pass= pwd= hunter2; hunter ; :// ftp://a:b2c@d ftp :pw12@
@example.com @exam acme acme_token= 1a2b commit key token key=abc-1 token=mk_1 far 12345 x12345 q bb xbb1 bb2 ed1 ed12 ln1 a
é 😀 ß K \u017f \ud800 \\n %3D ka kb=1 END a1$b_ token=a1$b_ token=a1$ ftp://:pw12@example. ftp://:pw12@exam ple. = ' " - _ . , ;
-----BEGIN -----BEGIN\x20KEY----- -----END\x20KEY----- ----- QUJDQUJDQUJDQUJDQUJD AAAA /x/
"""
PARTS = [*WORDS.split(), " ", "\n", "-----BEGIN KEY-----\n", "-----END A KEY-----", "-----BEGIN A KEY-----"]


def name_and_size(finding: Finding, secret: str) -> str:
    return f"<{finding.detector} {len(secret)}>"


def whole(text: str, redactor: Redactor = REDACTOR) -> tuple[str, list[Finding]]:
    found = redactor.find(text)
    return replace(text, ((one, name_and_size(one, text[one.start : one.end])) for one in found)), found


def test_text_that_is_there_as_a_whole() -> None:
    """What it does is what `whole` says; that pieces come to the same is tested below."""
    for text in ("key-1234 x", "nothing", "\ud800 key-12345 é", "pass=hunter2; pass=x"):
        stream = MaskStream(REDACTOR, name_and_size)
        assert (stream.feed_whole(text), stream.findings) == whole(text)
        assert stream.count == len(stream.findings)


def streamed(pieces: Iterable[str], redactor: Redactor = REDACTOR) -> tuple[str, list[Finding]]:
    stream = MaskStream(redactor, name_and_size)
    return "".join([*(stream.feed(piece) for piece in pieces), stream.flush()]), stream.findings


def cut(text: str, draw: random.Random, most: int = 12) -> list[str]:
    pieces = []
    while text:
        size = draw.randint(1, most)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@given(st.lists(st.sampled_from(PARTS), max_size=30), st.randoms(use_true_random=False))
@example(["far", " ", "12345"], random.Random(1))
@example(["12345", " "] + ["a"] * 8 + ["far"], random.Random(1))
@example(["ka", " x ", "kb=1", " yy ", "END"], random.Random(1))
def test_any_split_gives_what_the_whole_text_does(parts: list[str], draw: random.Random) -> None:
    text = "".join(parts)
    expected = whole(text)
    assert streamed(text) == expected
    assert streamed(cut(text, draw)) == expected
    assert streamed([text]) == expected


@pytest.mark.parametrize("size", [600, 6000])
def test_long_texts_are_no_different(size: int) -> None:
    """Longer than what is kept in sight."""
    for seed in range(20):
        draw = random.Random(seed)
        text = "".join(draw.choices(PARTS, k=size // 6))
        assert streamed(cut(text, draw)) == whole(text)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("and so on.", 0),
        ("a ke", 2),  # of a keyword, which is the secret's beginning
        ("a monke", 0),  # it does not stand apart
        ("a key-12", 6),
        ("a key-12x", 0),
        ("a key-1234", 8),
        ("a key-1234 ", 9),  # decided with the next character
        ("a key-1234 b", 0),
        ("a mk_a1b2c3d4e5f6", 15),
        ("a pas", 0),  # the name before a secret is none
        ("a pass=hunte", 5),
        ("a pass=hunter2;", 8),
        ("http://a:", 0),
        ("http://a:b2", 2),
        ("ACME: ", 0),
        ("ACME: 1a", 2),
    ],
)
def test_only_what_may_be_of_a_secret_is_held_back(text: str, held: int) -> None:
    redactor = Redactor(one for one in DETECTORS if one.id in ("key", "mixed", "part", "url", "near"))
    for pieces in ([text], list(text)):
        stream = MaskStream(redactor, name_and_size)
        for piece in pieces:
            stream.feed(piece)
        assert stream.held == held


@pytest.mark.parametrize(
    ("text", "held"),
    [("a ab1", 3), ("a ab12", 4), ("a ab12-kk-3", 9), ("a ab123", 0), ("a ab123.", 0), ("a.ab.ab12-", 5), ("ab12ab12-kk", 2), ("ab12-", 5)],
)
def test_what_stands_before_a_keyword_is_held_back_where_it_may_be_of_a_secret(text: str, held: int) -> None:
    for pieces in ([text], list(text)):
        stream = MaskStream(Redactor(one for one in DETECTORS if one.id == "middle"), name_and_size)
        for piece in pieces:
            stream.feed(piece)
        assert stream.held == held


def test_a_block_is_withheld_to_its_end() -> None:
    stream = MaskStream(REDACTOR, name_and_size)
    block = "-----BEGIN KEY-----\n" + ("QUJD" * 16 + "\n") * 20 + "-----END KEY-----"
    assert [stream.feed("a "), *(stream.feed(piece) for piece in block)] == ["a "] + [""] * len(block)
    assert stream.feed(".") == f"<pem {len(block)}>."  # the last dashes might have begun another


@pytest.mark.parametrize("size", [1000, 70_000])
def test_a_block_without_an_end(size: int) -> None:
    text = "-----BEGIN KEY-----\n" + "QUJDQUJDQUJDQUJDQUJD\n" * (size // 21) + "and so on"
    assert streamed(cut(text, random.Random(1), 4000)) == whole(text)


def test_values_that_are_refused_are_read_for_others_so_many_times_as_in_a_whole_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from amp_addons.core.redact import engine, hits

    monkeypatch.setattr(engine, "MAX_REFUSED", 3)
    monkeypatch.setattr(hits, "MAX_REFUSED", 3)
    text = "mk_aaaamk_a1b2c3 " * 6 + "token=aaa-1token=a1b2 " * 6
    assert whole(text)[1]
    assert streamed(text) == whole(text)


def test_candidates_that_are_taken_together_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MAX_CANDIDATES", 1)
    for seed in range(200):
        draw = random.Random(seed)
        text = "".join(draw.choices(PARTS, k=30))
        assert streamed(cut(text, draw)) == whole(text)


def test_what_is_too_long_to_wait_for_is_masked_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MAX_HELD", 100)
    secret = "mk_" + "a1b2c3d4" * 50
    stream = MaskStream(REDACTOR, name_and_size)
    out = "".join(stream.feed(piece) for piece in cut(f"see {secret} and so on", random.Random(1))) + stream.flush()
    assert stream.overflowed
    assert out.startswith("see <mixed ") and out.endswith("> and so on")
    assert "a1b2" not in out
    assert sum(found.end - found.start for found in stream.findings) == len(secret)


def test_findings_are_all_counted_and_so_many_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MAX_KEPT", 2)
    stream = MaskStream(REDACTOR, name_and_size)
    stream.feed("key-1234 " * 5)
    stream.flush()
    assert (stream.count, len(stream.findings), stream.overflowed) == (5, 2, False)


def test_with_nothing_to_find_nothing_is_held() -> None:
    stream = MaskStream(Redactor([]), name_and_size)
    assert stream.feed("key-1234") == "key-1234"
    assert stream.flush() == ""


@pytest.mark.parametrize("part", ["q", "key-", "key=a1key=", "mk_a1b2", "://a:", "ab12-kk-", "-----BEGIN KEY-----", "ka", "ab", "é1-kk"])
def test_time_and_what_is_held_do_not_grow_with_what_came_before(part: str) -> None:
    """Seconds would be quadratic; the bound is far from what is needed, so that a busy machine does not break it."""
    stream = MaskStream(REDACTOR, name_and_size)
    started = time.process_time()
    held = 0
    for _ in range(40_000 // len(part)):
        stream.feed(part)
        held = max(held, stream.held)
    assert time.process_time() - started < 8
    assert held <= 16_384 + 100
    assert not stream.overflowed
