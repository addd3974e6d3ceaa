"""Rule files as a whole: what is loaded, and all that is wrong in one go and soon."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import look_alike, request

from amp_addons.core.rules.url import origin_of
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped

type Write = Callable[[str | bytes], Path]

FULL = """version: 1
defaults: {mode: observe, timeouts: {connect: 5, idle: 60}}
upstreams:
  gateway: {url: 'https://gw.example/v1', strip_path: /api, credential: {header: x-api-key, env: KEY}, host_header: named,
    timeouts: {idle: 9}}
  company: {proxy: 'http://proxy.example:3128'}
rules:
  - {id: watches, match: {host: ampcode.com}, then: {tag: seen}}
  - {id: routes, mode: enforce, match: {category: inference}, then: {route: gateway}}
tests:
  - {name: one, request: {url: 'https://ampcode.com/'}, expect: {action: pass}}
include: [more.yaml]
"""


def test_a_whole_set(tmp_path: Path, write: Write) -> None:
    (tmp_path / "more.yaml").write_text("version: 1\nrules: [{id: last, then: {tag: x}}]\n")
    rules = RuleSet.load(write(FULL), environment={"KEY": "value"})
    assert [(ready.rule.id, ready.mode) for ready in rules.rules] == [("watches", "observe"), ("routes", "enforce"), ("last", "enforce")]
    assert [path.name for path in rules.files] == ["rules.yaml", "more.yaml"]
    assert [test.name for _, test in rules.tests] == ["one"]
    gateway, company = rules.upstreams["gateway"], rules.upstreams["company"]
    assert (gateway.origin, gateway.strip_path, gateway.host_header) == (origin_of("https://gw.example/v1"), "/api", "named")
    assert gateway.credential is not None and gateway.credential[1].value == "value"
    assert (gateway.credential_name, gateway.timeouts.connect, gateway.timeouts.idle) == ("env:KEY", 5, 9)
    assert (company.origin, company.proxy) == (None, origin_of("http://proxy.example:3128"))
    assert rules.decide(request()).upstream is gateway
    assert "value" not in repr(gateway)


def test_the_digest_is_of_what_the_files_say_in_their_order(tmp_path: Path) -> None:
    def digest(*names: str) -> str:
        return RuleSet.load(*(tmp_path / name for name in names)).digest

    for name, text in {"a/1": "tag: x", "b/2": "tag: x", "b/3": "tag: y"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"version: 1\nrules: [{{id: r{name[-1]}, then: {{{text}}}}}]\n")
    (tmp_path / "a/2").write_text((tmp_path / "b/2").read_text())
    assert digest("a/2") == digest("b/2") != digest("b/3")
    assert digest("a/1", "a/2") == digest("a/1", "b/2") != digest("a/2", "a/1")
    assert digest("a/1") != digest("a/1", "a/2")
    before = digest("b/3")
    (tmp_path / "b/3").write_text((tmp_path / "b/3").read_text() + "# said\n")
    assert digest("b/3") != before


def test_the_shipped_rules_change_nothing() -> None:
    rules = RuleSet.load(shipped("default.yaml"))
    assert not rules.enforces
    assert not rules.warnings


def test_every_problem_in_one_go_with_its_place(write: Write) -> None:
    text = """version: 1
rulez: []
upstreams:
  gw: {url: gateway}
rules:
  - {id: a, match: {hots: x}, then: {block: true}}
  - {id: a, match: {host: 're:('}, then: {block: {status: 200}}}
  - {id: c, match: {client: 10.0.0.1/8, sample: 200}, then: {set_headers: {host: x, x-a: "b\\r\\nc"}}}
  - {id: d, then: {route: gw, block: true}}
  - id: e
    id: f
    then: {allow: true}
"""
    path = write(text)
    with pytest.raises(RuleFileError) as error:
        RuleSet.load(path)
    found = [(problem.line, problem.column, problem.path) for problem in error.value.problems]
    assert found == [
        (2, 1, "rulez"),
        (4, 13, "upstreams.gw.url"),
        (6, 21, "rules[0].match.hots"),
        (7, 10, "rules[1].id"),
        (7, 27, "rules[1].match.host"),
        (7, 59, "rules[1].then.block.status"),
        (8, 29, "rules[2].match.client"),
        (8, 49, "rules[2].match.sample"),
        (8, 76, "rules[2].then.set_headers.host"),
        (8, 90, "rules[2].then.set_headers.x-a"),
        (9, 38, "rules[3].then.block"),
        (11, 5, "rules[4].id"),
    ]
    assert "Did you mean 'host'?" in str(error.value)


CONTROLS = [
    'set_headers: {x-a: "b\\r\\nc: d"}',
    'set_headers: {"x-a\\r\\nb": c}',
    'set_headers: {x-a: "\\e[31m"}',
    'remove_headers: ["a\\nb"]',
    'model: "a\\nb"',
    'model: {a: "b\\0"}',
    'tag: "a\\eb"',
    'alert: "a\\nb"',
    'respond: {headers: {x-a: "b\\r\\nc"}}',
    'respond: {sse: [{event: "a\\nb", data: x}]}',
]


@pytest.mark.parametrize("then", CONTROLS)
def test_control_characters_are_refused(write: Write, then: str) -> None:
    """Where they would end a header, begin an event, or steer a terminal."""
    with pytest.raises(RuleFileError) as error:
        RuleSet.load(write(f"version: 1\nrules: [{{id: a, then: {{{then}}}}}]\n"))
    assert str(error.value).isprintable()
    assert error.value.problems[0].line == 2


@pytest.mark.parametrize(
    "upstream", ['url: "https://x/\\r\\n"', 'url: https://x, host_header: "a\\r\\nb"', 'proxy: "http://x:1\\n"', "url: 'https://x/ä'"]
)
def test_control_characters_in_an_upstream_are_refused(write: Write, upstream: str) -> None:
    with pytest.raises(RuleFileError):
        RuleSet.load(write(f"version: 1\nupstreams: {{a: {{{upstream}}}}}\n"))


def test_a_secret_in_the_wrong_place_is_not_repeated(write: Write) -> None:
    key = look_alike()
    text = f"version: 1\nupstreams: {{a: {{url: 'https://u:{key}@x', credential: {{env: {key}}}}}}}\n"
    text += f"rules: [{{id: {key}, then: {{{key}: 1}}}}]\n"
    with pytest.raises(RuleFileError) as error:
        RuleSet.load(write(text))
    assert key not in str(error.value)
    assert len(error.value.problems) == 3  # the id is a fine id


ALIASES = "version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)
)
HOSTILE: dict[str, str | bytes] = {
    "aliases that explode": ALIASES,
    "huge": b"version: 1\n#" + b"x" * 3_000_000,
    "binary": bytes(range(256)) * 100,
    "UTF-16": "version: 1\n".encode("utf-16"),
    "not UTF-8": b"version: 1\ndescription: \xff\n",
    "deep": "version: 1\nrules: " + "[" * 100_000,
    "deep conditions": "version: 1\nrules: [{id: a, then: {block: true}, match: " + "{not: " * 5000 + "{}" + "}" * 5001 + "]",
    "tags": "version: 1\nrules: !!python/object/apply:os.system [x]\n",
    "two documents": "version: 1\n---\nversion: 1\n",
    "many rules that are wrong": "version: 1\nrules:\n" + "- {id: a, then: {blok: true}}\n" * 5000,
    "a list": "[1]",
    "nothing": "",
    "a costly pattern": "version: 1\nrules: [{id: a, match: {model: 're:((a{100}){100}){100}'}, then: {block: true}}]",
    "many costly patterns": "version: 1\nrules: [{id: a, match: {model: ["
    + ",".join(f"'re:.*{n}.{{500}}.*'" for n in range(2000))
    + "], host: x}, then: {blok: true}}]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_soon(write: Write, text: str | bytes) -> None:
    path = write(text)
    started = time.process_time()
    with pytest.raises(RuleFileError):
        RuleSet.load(path)
    assert time.process_time() - started < 3  # a second on a machine with nothing else to do


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="no such file"):
        RuleSet.load(tmp_path / "no.yaml")


def test_a_thousand_rules_are_loaded_soon(write: Write) -> None:
    rules = [{"id": f"r{n}", "match": {"host": f"*.h{n}.example", "model": [f"m{n}-*", "x"]}, "then": {"block": True}} for n in range(1000)]
    path = write(json.dumps({"version": 1, "rules": rules}))
    started = time.process_time()  # CPU: other work on the machine does not count
    assert len(RuleSet.load(path).rules) == 1000
    assert time.process_time() - started < 4  # half a second on a machine with nothing else to do


words = st.sampled_from(
    ["version", "rules", "id", "match", "then", "host", "block", "any", "route", "upstreams", "url", "include", "a", "re:(", "*", "1"]
)
trees = st.recursive(
    words | st.integers() | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4)
)


@given(trees)
def test_whatever_stands_in_a_file_it_is_loaded_or_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, tree: object) -> None:
    path = tmp_path_factory.getbasetemp() / "tree.yaml"
    path.write_text(json.dumps({"version": 1, **tree} if isinstance(tree, dict) else tree))
    try:
        RuleSet.load(path)
    except RuleFileError as error:
        assert error.problems
        assert all(problem.line for problem in error.problems)


@pytest.mark.parametrize(
    ("match", "missed"),
    [
        ("{}", []),
        ("{category: inference}", ["thread uploads", "threads", "telemetry"]),
        ("{route: proxied}", []),
        ("{path: /api/t**}", ["thread uploads"]),
    ],
)
def test_requests_that_carry_the_same_text_and_are_not_redacted_are_named(write: Write, match: str, missed: list[str]) -> None:
    """THREATS 4: uploads of threads and telemetry say again what was said to the model."""
    rules = RuleSet.load(write(f"version: 1\nrules: [{{id: hide, match: {match}, then: {{redact: secrets}}}}]\n"))
    said = [warning for warning in rules.warnings if "carry the same text" in warning]
    assert said == ([f"rule hide redacts, but not {', '.join(missed)}: these carry the same text."] if missed else [])
