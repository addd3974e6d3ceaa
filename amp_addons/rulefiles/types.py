"""Questions about types as `msgspec.inspect` describes them: does a value fit, does it keep the limits, what is the type called."""

import operator
import re
from typing import Any

from msgspec import inspect

from amp_addons.rulefiles.node import Leaf, Mapping, Node, Sequence

type Info = inspect.Type

_LISTS = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
_NAMES: dict[type[Info], str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.NoneType: "nothing",
    inspect.StructType: "keys and values",
    inspect.DictType: "keys and values",
}
_LIMITS = (
    ("gt", "more than {}", operator.gt),
    ("ge", "at least {}", operator.ge),
    ("lt", "less than {}", operator.lt),
    ("le", "at most {}", operator.le),
)
_LENGTHS = (("min_length", "at least {} long"), ("max_length", "at most {} long"))


def bare(info: Info) -> Info:
    """The type without what was said about it."""
    return bare(info.type) if isinstance(info, inspect.Metadata) else info


def members(info: Info) -> tuple[Info, ...]:
    """The types that a value may have: those of a union, or the one."""
    union = bare(info)
    return tuple(found for member in union.types for found in members(member)) if isinstance(union, inspect.UnionType) else (info,)


def takes_text(info: Info) -> bool:
    return any(isinstance(bare(member), inspect.StrType) for member in members(info))


def is_list(info: Info) -> bool:
    return isinstance(info, _LISTS)


def fits(node: Node, info: Info) -> bool:
    """Whether what stands in the file is of the kind that the type asks for, whatever its limits."""
    info = bare(info)
    if isinstance(info, inspect.AnyType):
        return True
    if isinstance(node, Mapping):
        return isinstance(info, inspect.StructType | inspect.DictType)
    if isinstance(node, Sequence):
        return is_list(info)
    return _leaf_fits(node.value, info)


def _leaf_fits(value: Any, info: Info) -> bool:
    match value:
        case None:
            return isinstance(info, inspect.NoneType)
        case bool():
            return isinstance(info, inspect.BoolType) or _is_literal_of(bool, info)
        case int():
            return isinstance(info, inspect.IntType | inspect.FloatType) or _is_literal_of(int, info)
        case float():
            return isinstance(info, inspect.FloatType)
        case _:
            return isinstance(info, inspect.StrType) or _is_literal_of(str, info)


def _is_literal_of(kind: type, info: Info) -> bool:
    return isinstance(info, inspect.LiteralType) and any(type(value) is kind for value in info.values)


def keeps_limits(node: Node, info: Info) -> bool:
    """Whether a value of the right kind has one of the values, the size, length and pattern that the type asks for."""
    info = bare(info)
    value: Any = node.value if isinstance(node, Leaf) else node.items
    if isinstance(info, inspect.LiteralType):
        return value in info.values
    if isinstance(info, inspect.IntType | inspect.FloatType):
        return all(keeps(value, limit) for key, _, keeps in _LIMITS if (limit := getattr(info, key)) is not None)
    low, high, pattern = (getattr(info, key, None) for key in ("min_length", "max_length", "pattern"))
    if pattern is not None and not re.search(pattern, value):
        return False
    return (low is None or len(value) >= low) and (high is None or len(value) <= high)


def objection(node: Node, info: Info) -> str | None:
    """What the check in a field's type (`core.fields`) expected instead of a value, if it refuses it."""
    check = (info.extra or {}).get("check") if isinstance(info, inspect.Metadata) else None
    if check is None or not isinstance(node, Leaf):
        return None
    try:
        check(node.value)
    except ValueError as error:
        return str(error)
    return None


def name(info: Info) -> str:
    """The type in plain words, as they stand after "expected"."""
    if isinstance(info, inspect.Metadata):
        return (info.extra_json_schema or {}).get("description") or name(info.type)
    if isinstance(info, inspect.UnionType):
        given = [member for member in members(info) if not isinstance(member, inspect.NoneType)]
        # One or several of the same are said once.
        single = [member for member in given if not (is_list(bare(member)) and _items(bare(member)) in given)]
        return " or ".join(dict.fromkeys(map(name, single))) + (", or a list of such" if len(single) < len(given) else "")
    if isinstance(info, inspect.LiteralType):
        values = [str(value).lower() if isinstance(value, bool) else str(value) for value in info.values]
        return f"one of {', '.join(values)}" if len(values) > 1 else values[0]
    if is_list(info):
        return f"a list of {name(_items(info))}{_limits(info)}"
    return _NAMES.get(type(info), type(info).__name__.removesuffix("Type").lower()) + _limits(info)


def _items(info: Info) -> Info:
    found: Info = getattr(info, "item_type", inspect.AnyType())
    return found


def _limits(info: Info) -> str:
    worded = [(key, text) for key, text, _ in _LIMITS] + list(_LENGTHS)
    said = [text.format(limit) for key, text in worded if (limit := getattr(info, key, None)) is not None]
    if pattern := getattr(info, "pattern", None):
        said.append(f"of the form {pattern}")
    return f" ({', '.join(said)})" if said else ""
