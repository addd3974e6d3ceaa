"""The JSON Schema that editors use: current, and of one mind with what reads the files."""

import json
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from amp_addons.rulefiles.node import plain
from amp_addons.rulefiles.shipped import shipped
from amp_addons.rulefiles.yamlfile import parse, read

ROOT = Path(__file__).resolve().parents[1]
RULES = [shipped("default.yaml"), *sorted(shipped("examples").glob("*.yaml"))]
VALIDATOR = jsonschema.Draft202012Validator(json.loads(shipped("schema", "rules.json").read_text()))


def test_it_is_current() -> None:
    """If not: scripts/schema."""
    made = runpy.run_path(str(ROOT / "scripts" / "rule_schema.py"))
    assert shipped("schema", "rules.json").read_text() == made["text"]()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    assert r"\Z" not in json.dumps(VALIDATOR.schema).replace(r"\\", "\\"), "JavaScript reads it as a letter"


def test_every_key_has_a_description() -> None:
    texts = [value["description"] for found in VALIDATOR.schema["$defs"].values() for value in found["properties"].values()]
    assert len(texts) > 80 and all(text.endswith((".", "…")) for text in texts)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_what_ships_is_valid_and_names_the_schema(path: Path) -> None:
    VALIDATOR.validate(plain(read(path).root))
    first = path.read_text().partition("\n")[0]
    assert (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve() == shipped("schema", "rules.json")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{version: 2}", ["version"]),
        ("{version: 1, rule: []}", []),
        ("{version: 1, rules: [{id: a}]}", ["rules", 0]),
        ("{version: 1, rules: [{id: A, then: {}}]}", ["rules", 0, "id"]),
        ("{version: 1, rules: [{id: a, then: {blok: true}}]}", ["rules", 0, "then"]),
        ("{version: 1, rules: [{id: a, match: {category: infrence}, then: {}}]}", ["rules", 0, "match", "category"]),
        ("{version: 1, rules: [{id: a, match: {not: {any: [{hots: x}]}}, then: {}}]}", ["rules", 0, "match", "not"]),
        ("{version: 1, rules: [{id: a, match: {sample: 101}, then: {}}]}", ["rules", 0, "match", "sample"]),
        ("{version: 1, upstreams: {a: {strip_path: no}}}", ["upstreams", "a", "strip_path"]),
    ],
)
def test_what_is_wrong_is_seen_at_its_place(text: str, where: list[Any]) -> None:
    error = jsonschema.exceptions.best_match(VALIDATOR.iter_errors(plain(parse(text, "f").root)))
    assert list(error.absolute_path)[: len(where)] == where
