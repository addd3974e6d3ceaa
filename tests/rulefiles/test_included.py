"""Files that include others: what is read in which order, and what is refused."""

from pathlib import Path

import pytest
from support.signed import TRUST, rules

from amp_addons.core.rules.model import RuleFile
from amp_addons.rulefiles.included import ALL, MAX_FILES, sources
from amp_addons.rulefiles.remote.remotes import parse_signed


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(f"version: 1\n{text}")


def messages(path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path.parent}/") for problem in sources([path])[1]]


def test_an_included_file_comes_after_the_one_that_includes_it(tmp_path: Path) -> None:
    write(
        tmp_path, main="include: [b.yaml, {path: sub/c.yaml, grant: [upstreams]}]", b="include: [sub/d.yaml]", sub__c="", sub__d="", last=""
    )
    found, problems = sources([tmp_path / "main.yaml", tmp_path / "last.yaml"])
    assert not problems
    assert [source.path.stem for source in found] == ["main", "b", "d", "c", "last"]
    assert [sorted(source.grants) for source in found] == [sorted(ALL), [], [], ["upstreams"], sorted(ALL)]


def test_a_grant_is_never_more_than_one_has(tmp_path: Path) -> None:
    write(
        tmp_path,
        main="include: [{path: b.yaml, grant: [upstreams, protected]}]",
        b="include: [{path: c.yaml, grant: [credentials, protected]}]",
        c="",
    )
    assert [sorted(source.grants) for source in sources([tmp_path / "main.yaml"])[0][1:]] == [["protected", "upstreams"], ["protected"]]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../out.yaml", "leads out of"),
        ("sub/../../out.yaml", "leads out of"),
        ("/etc/passwd", "leads out of"),
        ("link.yaml", "leads out of"),
        ("folder/x.yaml", "leads out of"),
        ("main.yaml", "in a circle"),
        ("./sub/../main.yaml", "in a circle"),
        ("missing.yaml", "is not there"),
        ("sub", "is not there"),
        ('"a\\0b"', "the path of a file"),
        ("x" * 5000, "the path of a file"),
        ('"\\e[31m.yaml"', "\\x1b[31m.yaml"),
    ],
)
def test_what_may_not_be_included(tmp_path: Path, path: str, said: str) -> None:
    """A symbolic link is where it leads."""
    rules = tmp_path / "rules"
    write(tmp_path, out="")
    write(rules, main=f"include:\n  - {path}", sub__b="")
    (rules / "link.yaml").symlink_to(tmp_path / "out.yaml")
    (rules / "folder").symlink_to(tmp_path)
    (problem,) = messages(rules / "main.yaml")
    assert problem.startswith("main.yaml:3:5: include[0]: found ")
    assert said in problem
    assert problem.isprintable()


def test_a_circle_over_several_files(tmp_path: Path) -> None:
    write(tmp_path, main="include: [b.yaml]", b="include: [c.yaml]", c="include: [main.yaml]")
    (problem,) = messages(tmp_path / "main.yaml")
    assert problem.startswith("c.yaml:2:11: include[0]")
    assert "in a circle" in problem


def test_a_file_once(tmp_path: Path) -> None:
    write(tmp_path, main="include: [b.yaml, c.yaml]", b="", c="include: [b.yaml]")
    assert ["again" in problem for problem in messages(tmp_path / "main.yaml")] == [True]


def test_the_rules_may_be_reached_by_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real", main="include: [b.yaml]", b="")
    (tmp_path / "main.yaml").symlink_to(tmp_path / "real" / "main.yaml")
    found, problems = sources([tmp_path / "main.yaml"])
    assert (len(found), problems) == (2, [])


def test_so_many_files_and_no_more(tmp_path: Path) -> None:
    names = [f"f{n}" for n in range(MAX_FILES + 3)]
    write(tmp_path, main=f"include: [{', '.join(f'{name}.yaml' for name in names)}]", **dict.fromkeys(names, ""))
    problems = messages(tmp_path / "main.yaml")
    assert len(problems) == 4
    assert all(f"more than {MAX_FILES} files" in problem for problem in problems)


def test_a_long_chain_ends(tmp_path: Path) -> None:
    write(tmp_path, **{f"f{n}": f"include: [f{n + 1}.yaml]" for n in range(MAX_FILES + 3)})
    assert len(messages(tmp_path / "f0.yaml")) == 1


def test_problems_of_several_files_come_together(tmp_path: Path) -> None:
    write(tmp_path, main="include: [b.yaml, c.yaml, no.yaml]", b="rule: []", c="rules: [{id: a, then: {blok: true}}]")
    found = messages(tmp_path / "main.yaml")
    assert [problem.split(": ")[0] for problem in found] == ["b.yaml:2:1", "c.yaml:2:24", "main.yaml:2:27"]


def test_the_place_of_a_value_or_of_the_nearest_above_it(tmp_path: Path) -> None:
    write(tmp_path, main="rules:\n  - id: a\n    then: {block: true}")
    (source,), _ = sources([tmp_path / "main.yaml"])
    assert isinstance(source.file, RuleFile)
    assert source.where(("rules", 0, "then", "block")).endswith("main.yaml:4:19")
    assert source.where(("rules", 0, "match", "host")).endswith("main.yaml:3:5")
    assert source.problem(("rules", 7), "x", "y").line == 3


@pytest.mark.parametrize(
    ("include", "said"),
    [
        ("{url: 'http://rules.example/a.yaml'}", "expected https://HOST/PATH (plain http only on this machine)"),
        ("{url: 'https://me:pass@rules.example/a.yaml'}", "without user and password"),
        ("{url: 'https://rules.example/a.yaml', key: x}", "a public key such as"),
        ("{url: 'https://rules.example/a.yaml', grant: [everything]}", "grant[0]"),
        ("{url: 'https://rules.example/a.yaml', path: b.yaml}", "both path and url"),
        ("{path: b.yaml, key: KEY}", "a key beside a path"),
        ("{}", "neither path nor url"),
        ("{url: 'https://rules.example/a.yaml', key: KEY}", "no copy of it on this machine"),
        ("{url: 'https://rules.example/a.yaml'}", "only the proxy fetches rules"),
        ("{path: b.yaml, grant: [upstreams]}", "a URL in an included file"),
    ],
)
def test_what_may_not_be_included_by_url(tmp_path: Path, include: str, said: str) -> None:
    """A URL may only stand in a file that the user has named: who includes it says what it may do."""
    write(
        tmp_path,
        main=f"include:\n  - {include.replace('KEY', repr(TRUST))}",
        b="include: [{url: 'https://rules.example/b.yaml'}]" if "[upstreams]" in include else "",
    )
    (problem,) = messages(tmp_path / "main.yaml")
    assert said in problem and "me:pass" not in problem


def test_files_by_url_come_last_and_each_once(tmp_path: Path) -> None:
    url = "https://rules.example/a.yaml"
    write(tmp_path, main=f"include: [{{url: '{url}', grant: [edits]}}]", last="")
    get = lambda kind, url, keys: parse_signed(url, rules(1))  # noqa: E731
    found, problems = sources([tmp_path / "main.yaml", "https://rules.example/b.yaml", tmp_path / "last.yaml"], get)
    assert not problems
    assert [source.document.file.rpartition("/")[2] for source in found] == ["main.yaml", "last.yaml", "a.yaml", "b.yaml"]
    assert [sorted(source.grants) for source in found[2:]] == [["edits"], []] and [source.is_remote for source in found[1:]] == [
        False,
        True,
        True,
    ]
    for again in ([tmp_path / "main.yaml", url], [url, url]):
        assert "again" in str(sources(again, get)[1][0])
