"""A YAML file as it stands: values with the place where each was written."""

from dataclasses import dataclass, field
from typing import Any

type Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Leaf:
    """A single value. Lines and columns count from 1."""

    line: int
    column: int
    value: Scalar
    size: int = 1


@dataclass(slots=True)
class Sequence:
    line: int
    column: int
    items: list["Node"] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class Mapping:
    """Keys and values; `keys` has the place of each key."""

    line: int
    column: int
    items: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1


type Node = Leaf | Sequence | Mapping


def plain(node: Node) -> Any:
    """The same as dicts, lists and scalars."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(item) for key, item in node.items.items()}
