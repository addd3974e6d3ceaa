"""YAML files read safely: plain data with places, and every problem of a file at once.

The loader is stricter than YAML. Scalars are those of YAML 1.2's core schema, so `no`, `on`, dates and `1:30` are text; tags, merge
keys and duplicate keys are errors; aliases are allowed as long as what they stand for stays small. It works on libyaml's events,
not on its node tree: nesting, size and aliases are refused while they are read (100,000 open brackets take libyaml half a minute).
"""

import pathlib
import re
import stat
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NoReturn

import msgspec
import yaml

from amp_addons.core.scrub import scrub_text
from amp_addons.rulefiles.node import Leaf, Mapping, Node, Scalar, Sequence
from amp_addons.rulefiles.problems import MAX_PROBLEMS, Path, Problem, RuleFileError, key_path

MAX_BYTES = 1024 * 1024
"""Largest file (bytes): thousands of rules. What is larger is data, and belongs in a format for data."""
MAX_DEPTH = 32
"""Deepest nesting; a rule with nested conditions has about ten levels."""
MAX_NODES = 100_000
"""Most values in a file, aliases counted as often as they are used: about twice what fits into the largest file of real rules."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]{1,3})?", re.ASCII)


class Document(msgspec.Struct):
    """One file: its `root`, and the problems found so far that do not keep it from being read on."""

    file: str
    root: Node
    problems: list[Problem] = []
    digest: str = ""
    """SHA-256 of the text."""


def read(path: str | pathlib.Path) -> Document:
    """Read a YAML file. Raises RuleFileError when it is no readable YAML at all."""
    file = str(path)
    return parse(text_of(file, _bytes_of(pathlib.Path(path), file)), file)


def parse(text: str, file: str) -> Document:
    """Read YAML text; `file` is its name in messages. Raises RuleFileError."""
    builder = _Builder(file)
    try:
        return Document(file, builder.build(text), builder.problems, sha256(text.encode()).hexdigest())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        found = scrub_text(", ".join(part for part in (error.problem, error.context) if part))
        raise RuleFileError([*builder.problems, Problem(file, line, column, "", f"broken YAML ({found})", "YAML")]) from None


def _bytes_of(path: pathlib.Path, file: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("not a regular file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RuleFileError([Problem(file, 0, 0, "", f"nothing that can be read ({reason})", "a YAML file")]) from None
    if len(data) > MAX_BYTES:
        raise RuleFileError([Problem(file, 0, 0, "", f"more than {MAX_BYTES:,} bytes", f"a YAML file of {MAX_BYTES:,} bytes at most")])
    return data


def text_of(file: str, data: bytes) -> str:
    """The bytes of a file as text that YAML may have. Raises RuleFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise RuleFileError([Problem(file, line, column, "", f"the byte 0x{data[error.start]:02x}", "text in UTF-8")]) from None
    if bad := _UNPRINTABLE.search(text):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        raise RuleFileError([Problem(file, line, column, "", f"the character U+{ord(bad[0]):04X}", "text without control characters")])
    return text


class _Builder:
    """Makes the tree of one text from the parser's events."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def build(self, text: str) -> Node:
        parser = _Parser(text)
        root: Node | None = None
        try:
            events = iter(parser.get_event, None)
            for event in events:
                if isinstance(event, yaml.NodeEvent):
                    if root:
                        self._stop(event, (), "a second document", "one document in a file")
                    root = self._node(event, events, ())
        finally:
            parser.dispose()
        return root or Leaf(1, 1, None)

    def _node(self, event: Any, events: Iterator[Any], path: Path) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if event.tag is not None:
            self._note(event, path, f"the tag {scrub_text(event.tag)}", "plain YAML without tags")
        self._count(event, path, 1)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Leaf(line, column, _resolve(event.value) if event.implicit[0] else event.value)
        elif len(path) >= MAX_DEPTH:
            self._stop(event, path, f"more than {MAX_DEPTH} levels of nesting", "fewer")
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(Sequence(line, column), events, path)
        else:
            node = self._mapping(Mapping(line, column), events, path)
        if event.anchor:
            # Only now: an alias inside of what it stands for is an unknown one.
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, node: Sequence, events: Iterator[Any], path: Path) -> Sequence:
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            item = self._node(event, events, (*path, len(node.items)))
            node.items.append(item)
            node.size += item.size
        return node

    def _mapping(self, node: Mapping, events: Iterator[Any], path: Path) -> Mapping:
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(event, path, "a key that is no plain text", "text before the colon")
            key, mark = str(event.value), event.start_mark
            assert mark
            value = self._node(next(events), events, (*path, key))
            if key == "<<":
                self._note(event, (*path, key), "a merge key", "the keys themselves")
            if first := node.keys.get(key):
                self._note(event, (*path, key), f"the key again (first in line {first[0]})", "each key once")
                continue
            node.items[key] = value
            node.keys[key] = mark.line + 1, mark.column + 1
            node.size += value.size
        return node

    def _alias(self, event: Any, path: Path) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._stop(event, path, f"the alias *{event.anchor}", f"an anchor &{event.anchor} before it")
        self._count(event, path, node.size)
        return node

    def _count(self, event: Any, path: Path, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(event, path, f"more than {MAX_NODES:,} values, aliases counted as often as they are used", "fewer")

    def _note(self, event: Any, path: Path, found: str, expected: str) -> None:
        if len(self.problems) <= MAX_PROBLEMS:
            mark = event.start_mark
            self.problems.append(Problem(self._file, mark.line + 1, mark.column + 1, key_path(path), found, expected))

    def _stop(self, event: Any, path: Path, found: str, expected: str) -> NoReturn:
        self._note(event, path, found, expected)
        raise RuleFileError(self.problems)


def _resolve(text: str) -> Scalar:
    """What a plain scalar stands for."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "-+.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
