"""Files as typed values, with all that is wrong with them in one go.

msgspec does the conversion and knows the rules; it stops at the first problem. Only when it refuses a file, the file is walked
once more by the same types (`msgspec.inspect`) to find every problem and its place.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from amp_addons.rulefiles.node import Leaf, Mapping, Sequence, plain
from amp_addons.rulefiles.problems import Problem, RuleFileError
from amp_addons.rulefiles.yamlfile import Document


def decode[T](document: Document, type_: type[T], unique: Iterable[tuple[str, str]] = (), *, checked: bool = False) -> T:
    """The document as a value of `type_`. `unique` names keys of lists that may not repeat: ("rules", "id") for `rules[*].id`.

    `checked`: the checks in the fields' types (`core.fields`) are made even when all else is right, for types that do not make them
    themselves.

    Raises RuleFileError with everything that is wrong, problems found while reading included.
    """
    problems = [*document.problems, *(problem for name, key in unique for problem in _repeated(document, name, key))]
    try:
        value = msgspec.convert(plain(document.root), type_)
    except msgspec.ValidationError as error:
        from amp_addons.rulefiles.explain import explain  # seldom needed, and slow to import

        found = list(explain(document, type_))
        problems += found or [Problem(document.file, 0, 0, "", "something else", f"what the format says ({error})")]
    else:
        if checked:
            from amp_addons.rulefiles.explain import explain

            problems += explain(document, type_, converts=True)
    if problems:
        raise RuleFileError(problems)
    return value


def _repeated(document: Document, name: str, key: str) -> Iterator[Problem]:
    items: Any = document.root.items.get(name) if isinstance(document.root, Mapping) else None
    first: dict[str, int] = {}
    for place, item in enumerate(items.items if isinstance(items, Sequence) else ()):
        leaf = item.items.get(key) if isinstance(item, Mapping) else None
        if not isinstance(leaf, Leaf) or not isinstance(leaf.value, str):
            continue
        if leaf.value in first:
            found = f"'{leaf.value}' again (first in line {first[leaf.value]})"
            yield Problem(document.file, leaf.line, leaf.column, f"{name}[{place}].{key}", found, f"each {key} once in a file")
        first.setdefault(leaf.value, leaf.line)
