import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.samples import fill, marked

import amp_addons
from amp_addons.core.redact.detector import Detector, UserDetector
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Redactor as Core
from amp_addons.core.redact.redactor import replace
from amp_addons.core.redact.streaming import MaskStream
from amp_addons.rulefiles.detectors import Redactor
from amp_addons.rulefiles.node import plain
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.shipped import shipped
from amp_addons.rulefiles.yamlfile import read

type Write = Callable[[str | bytes], Path]

ALL = {detector.id: detector for detector in Redactor.load(personal=True).detectors}


@cache
def every() -> Redactor:
    return Redactor.load(personal=True)


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """`[[…]]` marks what has to be masked, all of it and nothing else; in `benign` this detector finds nothing."""

    secret: list[str]
    benign: list[str]


@cache
def cases() -> dict[str, Case]:
    files = sorted(shipped("detectors", "cases").glob("*.yaml"))
    merged: dict[str, Any] = {}
    for file in files:
        found: Any = plain(read(file).root)
        assert not merged.keys() & found["cases"].keys()
        merged |= found["cases"]
    return msgspec.convert(merged, dict[str, Case])


def each(kind: str) -> list[Any]:
    named = [(name, place, template) for name, case in cases().items() for place, template in enumerate(getattr(case, kind))]
    return [pytest.param(name, template, id=f"{name}-{place}") for name, place, template in named]


def test_there_are_cases_for_every_detector_and_for_nothing_else() -> None:
    assert set(cases()) == set(ALL)
    assert all(case.secret and case.benign for case in cases().values())
    assert all("[[" in template for case in cases().values() for template in case.secret)


@pytest.mark.parametrize(("name", "template"), each("secret"))
def test_the_whole_secret_is_found_and_nothing_besides(name: str, template: str) -> None:
    text, expected = marked(template, (name, template))
    found = Core([ALL[name]]).find(text)
    assert [text[one.start : one.end] for one in found] == expected
    assert {one.detector for one in found} == {name}


@pytest.mark.parametrize(("name", "template"), each("secret"))
def test_beside_all_others_none_of_it_is_left(name: str, template: str) -> None:
    text, expected = marked(template, (name, template))
    masked = Redactor.load(personal=True).mask(text).text
    assert not [secret for secret in expected if secret in masked or secret[:12] in masked]


@pytest.mark.parametrize(("name", "template"), each("benign"))
def test_what_only_looks_a_little_like_it_stays(name: str, template: str) -> None:
    assert Core([ALL[name]]).find(fill(template, (name, template))) == []


SOURCE = "\n\ndef find(text: str, *, limit: int = 10) -> list[str]:\n    return [part for part in text.split('/') if len(part) < limit]\n\n"
PROSE = "The token that you set in key.yaml is read once, when the proxy starts; see docs/keys-and-tokens.md, or ask.\n"


def name_and_size(finding: Finding, secret: str) -> str:
    return f"<{finding.detector} {len(secret)}>"


def streamed(redactor: Core, pieces: Iterable[str]) -> tuple[str, list[Finding]]:
    stream = MaskStream(redactor, name_and_size)
    return "".join([*(stream.feed(piece) for piece in pieces), stream.flush()]), stream.findings


def whole(redactor: Core, text: str) -> tuple[str, list[Finding]]:
    found = redactor.find(text)
    return replace(text, ((one, name_and_size(one, text[one.start : one.end])) for one in found)), found


def cut(text: str, draw: random.Random) -> Iterator[str]:
    while text:
        size = draw.choice((1, 2, 4, 4, 8, 30, 200))
        yield text[:size]
        text = text[size:]


@pytest.mark.parametrize(("name", "template"), [*each("secret"), *each("benign")])
def test_in_pieces_it_is_the_same(name: str, template: str) -> None:
    """Among all others, by itself and in source code and prose, character by character and in pieces of any size."""
    text, _ = marked(template, (name, template))
    redactor = every()
    for around in (text, f"{SOURCE}x = f({text}, y)\n{SOURCE}", f"{PROSE}{text}; {PROSE}{text}\n"):
        expected = whole(redactor, around)
        assert streamed(redactor, around) == expected
        for seed in range(3):
            assert streamed(redactor, cut(around, random.Random(seed))) == expected


@pytest.mark.parametrize("name", list(ALL))
def test_in_two_pieces_it_is_the_same_wherever_it_is_cut(name: str) -> None:
    template = cases()[name].secret[0]
    text, _ = marked(f"x({template})", (name, template))
    expected = whole(every(), text)
    for at in range(min(len(text), 150)):
        assert streamed(every(), (text[:at], text[at:])) == expected


def test_long_texts_in_pieces_are_the_same() -> None:
    """Longer than what a stream keeps in sight: the cases of all, one after the other, with code and prose between them."""
    for seed in range(10):
        draw = random.Random(seed)
        names = draw.choices(list(ALL), k=60)
        templates = [(name, draw.choice(cases()[name].secret + cases()[name].benign)) for name in names]
        text = "".join(fill(template, seed) + draw.choice(("\n", "; ", "é", SOURCE, PROSE)) for _, template in templates)
        text = text.replace("[[", "").replace("]]", "")
        assert streamed(every(), cut(text, draw)) == whole(every(), text)


@pytest.mark.parametrize("detector", list(ALL.values()), ids=list(ALL))
def test_those_that_ship_are_held_to_what_a_users_are(detector: Detector) -> None:
    values = {name: getattr(detector, name) for name in detector.__struct_fields__}
    UserDetector(**values)
    assert detector.max_width


@pytest.mark.parametrize("detector", [one for one in ALL.values() if one.begins], ids=lambda one: one.id)
def test_a_match_begins_with_a_keyword_where_a_detector_says_so(detector: Detector) -> None:
    for template in cases()[detector.id].secret:
        text, _ = marked(template, (detector.id, template))
        data = text.encode()
        start, end = detector.shape.search(data, 0, len(data))[0]
        assert 0 <= start < end
        assert data[start:].lower().startswith(tuple(word.encode() for word in detector.keywords))


def test_there_are_many_of_every_kind_and_their_words_are_ones() -> None:
    kinds = {detector.kind for detector in ALL.values()}
    assert len(ALL) >= 300
    assert kinds == {"cloud", "model", "code-host", "ci", "chat", "payment", "database", "web", "service", "generic", "personal"}
    assert all(detector.description and not detector.description.endswith(".") for detector in ALL.values())


def test_personal_data_is_left_alone_until_asked_for() -> None:
    text = fill("write to {lower:8}@{lower:8}.example.org", 1)
    assert Redactor.builtin().mask(text).text == text
    assert Redactor.load(personal=True).mask(text).text == "write to ***"


NEVER = [
    '"tool_use_id": "toolu_{alnum:24}"',
    '"id":"msg_{alnum:24}","type":"message"',
    '"id":"chatcmpl-{alnum:29}"',
    '"id":"resp_{hex:48}","previous_response_id":"resp_{hex:48}"',
    '"call_id":"call_{alnum:24}"',
    '"signature":"{alnum:300}=="',
    '"thoughtSignature":"{alnum:300}="',
    '"encrypted_content":"gAAAAAB{url:400}=="',
    '"data":"iVBORw0KGgo{alnum:600}","media_type":"image/png"',
    "data:image/png;base64,{alnum:600}",
    "commit {hex:40}",
    "index {hex:7}..{hex:7} 100644",
    '"integrity": "sha512-{alnum:86}=="',
    "--hash=sha256:{hex:64}",
    "checksum: {hex:32}",
    '"prompt_cache_key":"{uuid}"',
    "T-{uuid}",
    "https://ampcode.com/threads/T-{uuid}",
    '"max_tokens": 8192, "token_count": {digits:18}',
    '"next_page_token": "{alnum:40}"',
    "token = self.next_token2()",
    "api_key = os.environ['OPENAI_API_KEY2']",
    "password: ${DB_PASSWORD_2}",
]


@pytest.mark.parametrize("template", NEVER)
def test_what_the_protocols_need_and_what_is_public_is_never_masked(template: str) -> None:
    for seed in range(20):
        text = fill(template, seed)
        assert Redactor.builtin().mask(text).text == text


def test_names_speak_for_commits_and_uuids() -> None:
    for template in ("GITEA_TOKEN={hex:40}", "client_secret: {uuid}", '"api_key": "{hex:64}"'):
        assert Redactor.builtin().mask(fill(template, 3)).findings


def test_a_users_detectors_come_on_top_and_replace(write: Write) -> None:
    mine = write(
        """
        kind: chat
        detectors:
          - {id: corp-badge, description: Badge, keywords: [badge-], pattern: "badge-[0-9]{6}"}
          - {id: npm-token, description: Ours, keywords: [npm_], pattern: "npm_[a-z]{3}", kind: custom}
        """
    )
    found = Redactor.load(mine).find("badge-123456 npm_abc")
    assert [(one.detector, one.kind, one.start, one.end) for one in found] == [("corp-badge", "chat", 0, 12), ("npm-token", "chat", 13, 20)]


def test_all_that_is_wrong_with_a_file_is_said_with_its_place(write: Write) -> None:
    bad = write(
        """\
kind: chats
detectors:
  - {id: a, description: x, keywords: [], pattern: "a+"}
  - {id: b, description: x, keywords: [Upper], pattern: "a{1,3}"}
  - {id: c, description: x, keywords: [c], pattern: "(?=c)c"}
  - {id: c, description: x, keywords: [c], pattern: "c{1,3}", edges: none}
  - {id: d, description: x, keywords: [d], pattern: "(?:[a-z]{1000}){100}"}
  - {id: e, description: x, keywords: [e], pattern: "(?P<secret>e)", near: true}
  - {id: f, description: x, keywords: [f], pattern: "f?", edge: none}
"""
    )
    with pytest.raises(RuleFileError) as error:
        Redactor.load(bad)
    places = [(problem.line, problem.path) for problem in error.value.problems]
    assert places == [
        (1, "kind"),
        (3, "detectors[0].keywords"),
        (3, "detectors[0].pattern"),
        (4, "detectors[1].keywords[0]"),
        (5, "detectors[2].pattern"),
        (6, "detectors[3].id"),
        (6, "detectors[3].edges"),
        (7, "detectors[4].pattern"),
        (8, "detectors[5].pattern"),
        (9, "detectors[6].pattern"),
    ]
    assert "* and + have none" in str(error.value)


def test_the_package_exports_it() -> None:
    assert amp_addons.Redactor is Redactor
    masked = amp_addons.Redactor.builtin().mask(fill("key: ghp_{alnum:36}", 1))
    assert isinstance(masked, amp_addons.Masked)
    assert masked.text == "key: ***"
