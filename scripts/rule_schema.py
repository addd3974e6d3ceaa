"""The JSON Schema of rule files, made of the types that read them, for editors: rules/schema/rules.json.

What msgspec makes of the types is completed by the texts below their fields, which Python does not keep: they are read in the source.
"""

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from amp_addons.core.answers import canned
from amp_addons.core.rules import kinds, match, model, then

TARGET = Path(__file__).resolve().parent.parent / "rules" / "schema" / "rules.json"


def schema() -> dict[str, Any]:
    """The whole schema. ValueError when a field has no text."""
    made = msgspec.json.schema(model.RuleFile)
    texts = {key: text for module in (canned, kinds, match, then, model) for key, text in texts_of(module).items()}
    for name, definition in made["$defs"].items():
        for key, value in definition["properties"].items():
            if not (text := texts.get((name, key))):
                raise ValueError(f'{name}.{key} has no text: write """what it is""" below the field')
            # The type's own description stays further in.
            definition["properties"][key] = {"description": text, **{k: v for k, v in value.items() if k != "description"}}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rules of amp_addons", "description": "A rule file."}
    found: dict[str, Any] = _for_editors({**head, **made})
    return found


def texts_of(module: ModuleType) -> dict[tuple[str, str], str]:
    """The text below each field of the classes in a module, by class and key."""
    classes = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    return {(found.name, key): text for found in classes for key, text in _fields(found)}


def _fields(found: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(found.body, found.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
                yield field.target.id.removesuffix("_"), below.value.value


def _for_editors(value: Any) -> Any:
    r"""Regular expressions as JavaScript has them: there `\Z` is the letter, and `$` never stands before a line end."""
    if isinstance(value, dict):
        return {
            key: item.replace(r"\Z", "$") if key == "pattern" and isinstance(item, str) else _for_editors(item)
            for key, item in value.items()
        }
    return list(map(_for_editors, value)) if isinstance(value, list) else value


def text() -> str:
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
