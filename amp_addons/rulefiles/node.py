"""A YAML file as it stands: values with the place where each was written."""

from typing import Any

import msgspec

type Scalar = str | int | float | bool | None


class Leaf(msgspec.Struct):
    """A single value. Lines and columns count from 1."""

    line: int
    column: int
    value: Scalar
    size: int = 1


class Sequence(msgspec.Struct):
    line: int
    column: int
    items: list["Node"] = []
    size: int = 1


class Mapping(msgspec.Struct):
    """Keys and values; `keys` has the place of each key."""

    line: int
    column: int
    items: dict[str, "Node"] = {}
    keys: dict[str, tuple[int, int]] = {}
    size: int = 1


type Node = Leaf | Sequence | Mapping


def plain(node: Node) -> Any:
    """The same as dicts, lists and scalars."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}
