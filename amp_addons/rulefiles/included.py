"""A rule file and the files it includes, each with what it may do (THREATS 8)."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from amp_addons.core.rules.model import Grant, Include, RuleFile
from amp_addons.core.rules.texts import several
from amp_addons.core.rules.url import check_file_url, is_url
from amp_addons.core.scrub import scrub_text
from amp_addons.core.signature import PublicKey, parse_key
from amp_addons.rulefiles.node import Mapping, Node, Sequence
from amp_addons.rulefiles.problems import Path as Keys
from amp_addons.rulefiles.problems import Problem, RuleFileError, key_path
from amp_addons.rulefiles.remote.remotes import Get, kept_only, remote_folder
from amp_addons.rulefiles.schema import decode
from amp_addons.rulefiles.yamlfile import Document, read

MAX_FILES = 50
"""Files that one set of rules may consist of."""

ALL: frozenset[Grant] = frozenset(("upstreams", "credentials", "protected", "passthrough", "redactors", "routes", "edits", "record"))


class Source(msgspec.Struct, frozen=True):
    """One file. `grants` is what it may do: everything, unless it was included. `is_remote`: it came by URL, and `path` means nothing."""

    path: Path
    file: RuleFile
    document: Document
    grants: frozenset[Grant]
    is_remote: bool = False

    def problem(self, keys: Keys, found: str, expected: str, hint: str = "") -> Problem:
        """A problem with the value at `keys`, or with the nearest one above it that is there."""
        node = self._node(keys)
        return Problem(self.document.file, node.line, node.column, key_path(keys), found, expected, hint)

    def granted(self, right: Grant) -> str:
        """Where a right would come from, as it completes "expected …"."""
        if self.is_remote:
            return f"the right in the local file that includes it: {{url: …, grant: [{right}]}}"
        return f"the right in the file that includes it: {{path: …, grant: [{right}]}}"

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


def sources(paths: Iterable[str | Path], get: Get | None = None) -> tuple[list[Source], list[Problem]]:
    """The files in order, an included one after the file that includes it, those behind URLs after all local ones; and what is wrong with
    reading them."""
    reading = _Reading(get or kept_only(remote_folder()))
    for path in paths:
        if is_url(str(path)):
            reading.name(str(path))
        else:
            reading.read(Path(path), ALL)
    reading.fetch()
    return reading.sources, reading.problems


class _Reading:
    def __init__(self, get: Get) -> None:
        self.sources: list[Source] = []
        self.problems: list[Problem] = []
        self._get = get
        self._seen: set[Path] = set()
        self._open: list[Path] = []
        self._remote: dict[str, tuple[tuple[PublicKey, ...] | None, frozenset[Grant]]] = {}

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
            self._take(source, ("include", number), entry if isinstance(entry, Include) else Include(path=entry))
        self._open.pop()

    def name(self, url: str) -> None:
        """A URL that was named beside the files: it has no rights, and is signed by whom the proxy trusts."""
        try:
            check_file_url(url)
        except ValueError as error:
            # The value is not repeated: a URL may have a password in it.
            self.problems.append(Problem("a URL in the list of rule files", 0, 0, "", "something else", str(error)))
            return
        if url in self._remote:
            self.problems.append(Problem(scrub_text(url), 0, 0, "", "the URL again", "each file once"))
        self._remote.setdefault(url, (None, frozenset()))

    def fetch(self) -> None:
        """Files behind URLs come last: nothing in them is asked before all that the local ones say."""
        for url, (keys, grants) in self._remote.items():
            try:
                document = self._get("rules", url, keys)
                file = decode(document, RuleFile, unique=[("rules", "id")], checked=True)
            except RuleFileError as error:
                self.problems += error.problems
                continue
            self.sources.append(Source(Path(), file, document, grants, is_remote=True))

    def _take(self, source: Source, keys: Keys, entry: Include) -> None:
        if len(self.sources) + len(self._remote) >= MAX_FILES:
            self._wrong(source, keys, f"more than {MAX_FILES} files", "fewer")
        elif entry.url is None:
            self._include(source, keys, entry.path or "", entry.grant)
        elif len(self._open) > 1:
            self._wrong(source, keys, "a URL in an included file", "it in the file that is named to the proxy")
        elif entry.url in self._remote:
            self._wrong(source, keys, f"'{scrub_text(entry.url)}' again", "each file once")
        else:
            trusted = None if entry.key is None else tuple(map(parse_key, several(entry.key)))
            self._remote[entry.url] = trusted, frozenset(entry.grant)

    def _include(self, source: Source, keys: Keys, path: str, grant: tuple[Grant, ...]) -> None:
        folder = source.path.resolve().parent
        shown = f"'{scrub_text(path)}'"
        try:
            target = (folder / path).resolve()
            exists = target.is_file()
        except (OSError, ValueError):  # too long, or with NUL in it
            return self._wrong(source, keys, shown, "the path of a file")
        if not target.is_relative_to(folder):
            return self._wrong(source, keys, f"{shown}, which leads out of {folder}", "a file in the folder of this one, or below it")
        if target in self._open:
            return self._wrong(source, keys, f"{shown}, which includes this file", "files that do not include each other in a circle")
        if target in self._seen:
            return self._wrong(source, keys, f"{shown} again", "each file once")
        if not exists:
            return self._wrong(source, keys, f"{shown}, which is not there", f"a file below {folder}")
        self.read(target, source.grants & frozenset(grant))

    def _wrong(self, source: Source, keys: Keys, found: str, expected: str) -> None:
        self.problems.append(source.problem(keys, found, expected))
