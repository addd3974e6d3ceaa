"""Arguments of a call that Gemini streams value by value (`partialArgs`), each with the place where it belongs.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/Content#PartialArg
"""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

_STEP = re.compile(r"""\[(\d{1,6})\]|\[(?:'([^']*)'|"([^"]*)")\]|\.?([^.\[\]]+)""")

MAX_DEPTH = 50
"""Steps of a path that are followed."""


class PartialArgs:
    """The values so far by their path. `fits` is asked before text is kept (`Reading._fits`)."""

    def __init__(self, fits: Callable[[str], bool]) -> None:
        self._fits = fits
        self._values: dict[str, StringIO | float | bool | None] = {}

    def take(self, parts: object) -> None:
        """Add the parts of one event; the pieces of a string follow each other under the same path."""
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and isinstance(path := part.get("jsonPath"), str) and self._fits(path):
                self._put(path, part)

    def read(self) -> dict[str, Any]:
        """-> the object that the values make; what does not fit into it is left out"""
        tree: dict[int | str, Any] = {}
        for path, value in self._values.items():
            _place(tree, _steps(path), value.getvalue() if isinstance(value, StringIO) else value)
        return {str(key): _shaped(value) for key, value in tree.items()}

    def _put(self, path: str, part: dict[str, Any]) -> None:
        if isinstance(text := part.get("stringValue"), str):
            kept = self._values.get(path)
            if not isinstance(kept, StringIO):
                kept = self._values[path] = StringIO()
            if self._fits(text):
                kept.write(text)
        elif isinstance(value := part.get("numberValue", part.get("boolValue")), bool | int | float):
            self._values[path] = value
        elif "nullValue" in part:
            self._values[path] = None


def _steps(path: str) -> list[int | str]:
    found = _STEP.finditer(path.removeprefix("$"))
    return [int(step[1]) if step[1] else step[2] or step[3] or step[4] or "" for step, _ in zip(found, range(MAX_DEPTH), strict=False)]


def _place(tree: dict[int | str, Any], steps: list[int | str], value: Any) -> None:
    for step in steps[:-1]:
        inner = tree.get(step)
        if not isinstance(inner, dict):
            inner = tree[step] = {}
        tree = inner
    if steps:
        tree[steps[-1]] = value


def _shaped(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if all(isinstance(key, int) for key in tree):
        return [_shaped(value) for _, value in sorted(tree.items())]
    return {str(key): _shaped(value) for key, value in tree.items()}
