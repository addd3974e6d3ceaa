"""Names that lead nowhere, rights that were not given: all of a set of files in one go, each with its place."""

from pathlib import Path

import pytest

from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.credentials import Credentials
from amp_addons.rulefiles.included import sources
from amp_addons.rulefiles.rulechecks import problems_of

CATALOG = Catalog.load()
UP = "upstreams: {gw: {url: https://gw.example}, other: {url: https://other.example}}\n"


def problems(folder: Path, text: str, included: str | None = None, grant: str = "") -> list[str]:
    more = f"include: [{{path: part.yaml, grant: [{grant}]}}]\n" if included is not None else ""
    (folder / "main.yaml").write_text(f"version: 1\n{more}{text}")
    (folder / "part.yaml").write_text(f"version: 1\n{included or ''}")
    found, wrong = sources([folder / "main.yaml"])
    assert not wrong, wrong
    return [str(problem).removeprefix(f"{folder}/") for problem in problems_of(found, CATALOG, Credentials({"KEY": "x"}))]


def rule(then: str, match: str = "") -> str:
    return f"rules: [{{id: a, match: {{{match}}}, then: {{{then}}}}}]\n"


RIGHT = [
    rule("route: gw"),
    rule("route: {split: [{upstream: gw, weight: 1}, {upstream: other, weight: 0}]}"),
    rule("block: true", "endpoint: provider.*"),
    rule("block: true", "endpoint: [user.get, amp.unknown]"),
    rule("passthrough: true", "host: x, any: [{client: '::1'}], not: {host: y}"),
    rule("route: gw, credentials: keep, credentials_host: GW.example"),
    rule("set_headers: {Authorization: x}, allow_protected: true"),
    "upstreams: {a: {url: https://a, credential: {env: KEY}}}\n",
]
WRONG = [
    (rule("route: othre"), "route: found the unknown upstream 'othre', expected one of upstreams (gw, other). Did you mean 'other'?"),
    (
        rule("route: {split: [{upstream: gw, weight: 1}, {upstream: no, weight: 1}]}"),
        "route.split[1].upstream: found the unknown upstream 'no'",
    ),
    (rule("block: true", "endpoint: user.gett"), "match.endpoint: found the unknown endpoint 'user.gett'"),
    (rule("block: true", "endpoint: [user.get, nope]"), "match.endpoint[1]: found the unknown endpoint 'nope'"),
    (rule("block: true", "any: [{not: {endpoint: 're:nope'}}]"), "match.any[0].not.endpoint: found the unknown endpoint"),
    (rule("passthrough: true", "host: x, path: /y"), "match.path: found path, expected host or client"),
    (rule("passthrough: true", "any: [{known: false}]"), "match.any[0].known: found known, expected host or client"),
    (rule("route: gw, credentials: keep, credentials_host: no.example"), "credentials_host: found 'no.example', expected gw.example"),
    (rule("set_headers: {X-Api-Key: x}"), "set_headers: found X-Api-Key, expected another header"),
    (rule("remove_headers: [x-amp-thread-id]"), "remove_headers: found x-amp-thread-id, expected another header"),
    ("upstreams: {a: {url: https://a, credential: {env: NONE}}}\n", "upstreams.a.credential: found NONE, which is not set"),
    ("upstreams: {a: {url: https://a, credential: {file: none}}}\n", "upstreams.a.credential: found the file none, which cannot be read"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text if "upstreams" in text else UP + text) == []


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[case[1][:40] for case in WRONG])
def test_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = problems(tmp_path, text if "upstreams" in text else UP + text)
    assert said in problem
    assert problem.startswith("main.yaml:")


def test_all_of_it_at_once(tmp_path: Path) -> None:
    text = "rules:\n- {id: a, then: {route: no}}\n- {id: b, match: {endpoint: no}, then: {set_headers: {cookie: x}}}\n"
    assert [problem.split(": ")[0] for problem in problems(tmp_path, text)] == ["main.yaml:3:25", "main.yaml:4:29", "main.yaml:4:54"]


GRANTS = [
    ("upstreams: {a: {url: https://a}}\n", "upstreams"),
    ("upstreams: {a: {url: https://a, credential: {env: KEY}}}\n", "upstreams, credentials"),
    (rule("route: gw, credentials: keep, credentials_host: gw.example"), "credentials"),
    (rule("set_headers: {cookie: x}, allow_protected: true"), "protected"),
    (rule("passthrough: true", "host: x"), "passthrough"),
]


@pytest.mark.parametrize(("text", "grant"), GRANTS)
def test_what_an_included_file_may_do_only_when_it_was_given_the_right(tmp_path: Path, text: str, grant: str) -> None:
    """Neither does any other right help."""
    rights = grant.split(", ")
    assert problems(tmp_path, UP, text, grant) == []
    others = {"upstreams", "credentials", "protected", "passthrough"} - set(rights)
    found = problems(tmp_path, UP, text, ", ".join(sorted(others)))
    assert len(found) == len(rights)
    assert all(f"grant: [{right}]" in problem for right, problem in zip(rights, found, strict=True))
    assert all(problem.startswith("part.yaml:") for problem in found)


def test_the_environment_is_not_even_looked_at_for_a_file_without_the_right(tmp_path: Path) -> None:
    found = problems(tmp_path, "", "upstreams: {a: {url: https://a, credential: {env: NONE}}}\n", "upstreams")
    assert len(found) == 1
    assert "not set" not in found[0]


def test_a_name_once_in_all_files(tmp_path: Path) -> None:
    found = problems(tmp_path, UP + rule("block: true"), UP + rule("block: true"), "upstreams")
    assert ["again" in problem for problem in found] == [True] * 3


def test_what_a_message_repeats_cannot_steer_a_terminal(tmp_path: Path) -> None:
    match = '"\\e[31mx"'
    found = problems(tmp_path, UP + rule(f"route: gw, credentials: keep, credentials_host: {match}", f"endpoint: {match}"))
    assert len(found) == 2
    assert all(problem.isprintable() for problem in found)
