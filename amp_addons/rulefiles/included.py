"""A rule file and the files it includes, each with what it may do (THREATS 8)."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from amp_addons.core.rules.model import Grant, Include, RuleFile
from amp_addons.core.scrub import scrub_text
from amp_addons.rulefiles.node import Mapping, Node, Sequence
from amp_addons.rulefiles.problems import Path as Keys
from amp_addons.rulefiles.problems import Problem, RuleFileError, key_path
from amp_addons.rulefiles.schema import decode
from amp_addons.rulefiles.yamlfile import Document, read

MAX_FILES = 50
"""Files that one set of rules may consist of."""

ALL: frozenset[Grant] = frozenset(("upstreams", "credentials", "protected", "passthrough", "redactors"))


class Source(msgspec.Struct, frozen=True):
    """One file. `grants` is what it may do: everything, unless it was included."""

    path: Path
    file: RuleFile
    document: Document
    grants: frozenset[Grant]

    def problem(self, keys: Keys, found: str, expected: str, hint: str = "") -> Problem:
        """A problem with the value at `keys`, or with the nearest one above it that is there."""
        node = self._node(keys)
        return Problem(self.document.file, node.line, node.column, key_path(keys), found, expected, hint)

    def where(self, keys: Keys) -> str:
        """The place of the value, as messages have it."""
        node = self._node(keys)
        return f"{self.document.file}:{node.line}:{node.column}"

    def _node(self, keys: Keys) -> Node:
        node: Node = self.document.root
        for key in keys:
            if isinstance(node, Mapping) and key in node.items:
                node = node.items[str(key)]
            elif isinstance(node, Sequence) and isinstance(key, int) and key < len(node.items):
                node = node.items[key]
        return node


def sources(paths: Iterable[str | Path]) -> tuple[list[Source], list[Problem]]:
    """The files in order, an included one after the file that includes it, and what is wrong with reading them."""
    reading = _Reading()
    for path in paths:
        reading.read(Path(path), ALL)
    return reading.sources, reading.problems


class _Reading:
    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.problems: list[Problem] = []
        self._seen: set[Path] = set()
        self._open: list[Path] = []

    def read(self, path: Path, grants: frozenset[Grant]) -> None:
        try:
            document = read(path)
            file = decode(document, RuleFile, unique=[("rules", "id")], checked=True)
        except RuleFileError as error:
            self.problems += error.problems
            return
        source = Source(path, file, document, grants)
        self.sources.append(source)
        real = path.resolve()
        self._seen.add(real)
        self._open.append(real)
        for number, entry in enumerate(file.include):
            self._include(source, ("include", number), entry if isinstance(entry, Include) else Include(path=entry))
        self._open.pop()

    def _include(self, source: Source, keys: Keys, entry: Include) -> None:
        folder = source.path.resolve().parent
        shown = f"'{scrub_text(entry.path)}'"
        try:
            target = (folder / entry.path).resolve()
            exists = target.is_file()
        except (OSError, ValueError):  # too long, or with NUL in it
            return self._wrong(source, keys, shown, "the path of a file")
        if not target.is_relative_to(folder):
            return self._wrong(source, keys, f"{shown}, which leads out of {folder}", "a file in the folder of this one, or below it")
        if target in self._open:
            return self._wrong(source, keys, f"{shown}, which includes this file", "files that do not include each other in a circle")
        if target in self._seen:
            return self._wrong(source, keys, f"{shown} again", "each file once")
        if len(self.sources) >= MAX_FILES:
            return self._wrong(source, keys, f"more than {MAX_FILES} files", "fewer")
        if not exists:
            return self._wrong(source, keys, f"{shown}, which is not there", f"a file below {folder}")
        self.read(target, source.grants & frozenset(entry.grant))

    def _wrong(self, source: Source, keys: Keys, found: str, expected: str) -> None:
        self.problems.append(source.problem(keys, found, expected))
