"""Every problem of a file that its type refused, with place, key path, what was found and what was expected."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from amp_addons.core.fields import FieldError
from amp_addons.core.text import did_you_mean
from amp_addons.rulefiles import types
from amp_addons.rulefiles.node import Leaf, Mapping, Node, Sequence, plain
from amp_addons.rulefiles.problems import Path, Problem, describe, key_path
from amp_addons.rulefiles.yamlfile import Document


def explain(document: Document, type_: Any, *, converts: bool = False) -> Iterator[Problem]:
    """All that keeps the document from being a value of `type_`, as far as plain types, structs and their own checks can say.

    `converts`: msgspec took it already, so that the structs' own checks need not be made again.
    """
    return _Walk(document.file, converts).node(document.root, inspect.type_info(type_), ())


class _Walk:
    def __init__(self, file: str, converts: bool = False) -> None:
        self._file = file
        self._converts = converts

    def node(self, node: Node, info: types.Info, path: Path) -> Iterator[Problem]:
        fitting = next((member for member in types.members(info) if types.fits(node, member)), None)
        if fitting is None or not types.keeps_limits(node, fitting):
            yield self._wrong_value(node, fitting or info, path)
        elif expected := types.objection(node, fitting):
            yield self._problem(node, path, describe(node, _key(path)), expected)
        else:
            yield from self._inside(node, types.bare(fitting), path)

    def _wrong_value(self, node: Node, info: types.Info, path: Path) -> Problem:
        hint = ""
        if isinstance(node, Leaf) and isinstance(node.value, str) and isinstance(choices := types.bare(info), inspect.LiteralType):
            hint = did_you_mean(node.value, map(str, choices.values))
        elif (
            isinstance(node, Leaf)
            and node.value is not None
            and any(isinstance(types.bare(m), inspect.StrType) for m in types.members(info))
        ):
            hint = "" if isinstance(node.value, str) else " Put it in quotes."
        return self._problem(node, path, describe(node, _key(path)), types.name(info), hint)

    def _inside(self, node: Node, info: types.Info, path: Path) -> Iterator[Problem]:
        if isinstance(node, Mapping) and isinstance(info, inspect.StructType):
            yield from self._struct(node, info, path)
        elif isinstance(node, Mapping) and isinstance(info, inspect.DictType):
            for key, item in node.items.items():
                yield from self._dict_key(node, key, info.key_type, path)
                yield from self.node(item, info.value_type, (*path, key))
        elif isinstance(node, Sequence) and isinstance(info, inspect.CollectionType):
            for place, item in enumerate(node.items):
                yield from self.node(item, info.item_type, (*path, place))

    def _dict_key(self, node: Mapping, key: str, info: types.Info, path: Path) -> Iterator[Problem]:
        leaf = Leaf(*node.keys[key], key)
        expected = types.objection(leaf, info) if types.keeps_limits(leaf, info) else types.name(info)
        if expected:
            yield self._problem(leaf, (*path, key), f"the key {describe(leaf)}", expected)

    def _struct(self, node: Mapping, info: inspect.StructType, path: Path) -> Iterator[Problem]:
        fields = {field.encode_name: field for field in info.fields}
        problems: list[Problem] = []
        for key, item in node.items.items():
            if key in fields:
                problems += self.node(item, fields[key].type, (*path, key))
            elif info.forbid_unknown_fields:
                problems.append(self._unknown_key(node, key, path, list(fields)))
        for field in info.fields:
            if field.required and field.encode_name not in node.items:
                expected = f"the key '{field.encode_name}' ({types.name(field.type)})"
                problems.append(self._problem(node, path, f"no '{field.encode_name}'", expected))
        yield from problems
        if not problems and not self._converts:
            yield from self._own_checks(node, info, path)

    def _unknown_key(self, node: Mapping, key: str, path: Path, known: list[str]) -> Problem:
        line, column = node.keys[key]
        hint = did_you_mean(key, [name for name in known if name not in node.items])
        expected = f"one of {', '.join(known)}"
        return Problem(self._file, line, column, key_path((*path, key)), "an unknown key", expected, hint)

    def _own_checks(self, node: Mapping, info: inspect.StructType, path: Path) -> Iterator[Problem]:
        """What the struct's `__post_init__` says of fields that are each right by themselves."""
        try:
            msgspec.convert(plain(node), info.cls)
        except msgspec.ValidationError as error:
            cause = error.__cause__
            if isinstance(cause, FieldError):
                yield self._problem(node.items.get(cause.key, node), (*path, cause.key), cause.found, cause.expected)
            else:
                yield self._problem(node, path, "keys and values that do not go together", str(error))

    def _problem(self, node: Node, path: Path, found: str, expected: str, hint: str = "") -> Problem:
        return Problem(self._file, node.line, node.column, key_path(path), found, expected, hint)


def _key(path: Path) -> str:
    """The nearest key above a value: `path` for `endpoints[2].path[0]`."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")
