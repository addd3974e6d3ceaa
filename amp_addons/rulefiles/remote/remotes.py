"""The signed files behind URLs that one proxy uses: what is in force of each, what is offered instead, and what is refused.

A file that a server sends is only offered. Whoever reads it with all the others says with `settle` whether it can be used; until then, and
when it cannot, the one that is in force stays (DESIGN promise 6). Refused at once, and never offered: what is not signed by a trusted
key, has no serial, a lower one than was ever in force, or the same one with other content.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from amp_addons.core.scrub import scrub_text
from amp_addons.core.signature import Kind, NotSigned, PublicKey, verify
from amp_addons.rulefiles.node import Leaf, Mapping
from amp_addons.rulefiles.problems import Problem, RuleFileError
from amp_addons.rulefiles.remote import copies
from amp_addons.rulefiles.remote.asking import SECONDS, Ask, CannotFetch
from amp_addons.rulefiles.remote.copies import Copy, Damaged
from amp_addons.rulefiles.yamlfile import Document, parse, text_of
from amp_addons.state import state_folder

WITH_COPY = 3.0
"""Seconds that a start waits for a server when there is a copy to start with."""

_CONFIRM = 3600.0
"""Seconds after which it is written down again that the server still has the same file."""

_NO_KEY = "a key that signs it: set amp_trust to the public key that `amp-addons sign` names (or key: beside the url)"


class Get(Protocol):
    """Where readers get signed files from: the text, which is verified. Raises RuleFileError, NotYet."""

    def __call__(self, kind: Kind, url: str, keys: tuple[PublicKey, ...] | None) -> Document: ...


class NotYet(ValueError):
    """A file has to be fetched first, which takes longer than the caller can wait."""


class Looked(NamedTuple):
    """What came of asking a server: whether another file is offered now, what was wrong, and whether there was no file at all."""

    offered: bool = False
    problem: str | None = None
    failed: bool = False


class _Entry:
    def __init__(self, kind: Kind, url: str, path: Path) -> None:
        self.kind, self.url, self.path = kind, url, path
        self.keys: tuple[PublicKey, ...] = ()
        self.kept: Copy | None = None
        self.offered: Copy | None = None
        self.read: Copy | None = None
        self.problem: str | None = None
        self.wanted = True

    @property
    def what(self) -> str:
        return f"the {self.kind} file {scrub_text(self.url)}"


class Remotes:
    """Safe to be used by several threads. `tell` is given sentences for the log."""

    def __init__(
        self, folder: Path, ask: Ask, tell: Callable[[str], None] = lambda _: None, clock: Callable[[], float] = time.time
    ) -> None:
        self.trust: tuple[PublicKey, ...] = ()
        self.ask = ask
        self._folder, self._tell, self._clock = folder, tell, clock
        self._entries: dict[tuple[Kind, str], _Entry] = {}
        self._lock = threading.RLock()

    # --- reading

    def get(self, kind: Kind, url: str, keys: tuple[PublicKey, ...] | None, *, wait: bool = True) -> Document:
        """The file to read: the one that is offered, else the one in force. A new one is asked for, which takes SECONDS at most."""
        entry = self._entry(kind, url, keys, wait)
        with self._lock:
            copy = entry.read = entry.offered or entry.kept
        if copy is None:
            raise _problem(url, f"nothing to start with ({entry.problem})", "a signed file there, or a copy of it from an earlier start")
        return self._checked(entry, copy)

    def settle(self, kind: Kind, usable: bool) -> bool:
        """Say that the files that were read last can be used, or cannot. -> whether something else is to be read now"""
        with self._lock:
            entries = [entry for entry in self._entries.values() if entry.kind == kind]
            back = [self._settled(entry, usable) for entry in entries if entry.offered is not None and entry.offered is entry.read]
            if usable:
                self._entries = {key: entry for key, entry in self._entries.items() if entry.wanted or entry.kind != kind}
            return any(back) and not usable

    def anew[T](self, kind: Kind, read: Callable[[], T]) -> T:
        """What `read` makes of all files of a kind; with the files in force where it cannot use those that are offered.

        What is not among them is no longer asked for once the reader settles it. Raises what `read` raises.
        """
        with self._lock:
            for entry in self._entries.values():
                entry.wanted = entry.wanted and entry.kind != kind
        try:
            return read()
        except RuleFileError as error:
            if not self.settle(kind, False):
                raise
            found = read()
            self._tell(f"a newer {kind} file by URL cannot be used, the copy of the one before is in force: {error}")
            return found

    def _settled(self, entry: _Entry, usable: bool) -> bool:
        copy, entry.offered = entry.offered, None
        if not usable or copy is None:
            return entry.kept is not None
        entry.kept = copy
        self._keep(entry, copy)
        return False

    # --- asking

    @property
    def urls(self) -> tuple[tuple[Kind, str], ...]:
        return tuple(self._entries)

    def look(self, kind: Kind, url: str) -> Looked:
        """Ask the server for a newer file."""
        with self._lock:
            entry = self._entries.get((kind, url))
        return Looked() if entry is None else self._look(entry)

    def age(self, kind: Kind, url: str) -> float | None:
        """Seconds since the server last had the file that is in force."""
        entry = self._entries.get((kind, url))
        return None if entry is None or entry.kept is None else max(0.0, self._clock() - entry.kept.checked)

    def _entry(self, kind: Kind, url: str, keys: tuple[PublicKey, ...] | None, wait: bool) -> _Entry:
        trusted = self.trust if keys is None else keys
        if not trusted:
            raise _problem(url, "no key that is trusted", _NO_KEY)
        with self._lock:
            entry = self._entries.get((kind, url))
            is_new = entry is None
            entry = entry or self._new(kind, url)
            entry.keys, entry.wanted = trusted, True
            has_copy = bool(entry.kept or entry.offered)
        if not wait:
            if not has_copy:
                raise NotYet(f"{entry.what} has not been fetched yet")
        elif is_new or not has_copy:
            self._first_look(entry, WITH_COPY if has_copy else SECONDS + 1)
        return entry

    def _new(self, kind: Kind, url: str) -> _Entry:
        entry = _Entry(kind, url, copies.path_of(self._folder, kind, url))
        try:
            entry.kept = copies.load(entry.path)
        except (OSError, Damaged) as error:
            raise _problem(url, f"a copy that cannot be used ({error})", "one that this suite has kept") from None
        self._entries[kind, url] = entry
        return entry

    def _first_look(self, entry: _Entry, seconds: float) -> None:
        """Ask, and wait no longer than this. Where there is a copy to go on with, it is said how old that is."""
        looker = threading.Thread(target=self._look, args=(entry,), name="amp_addons first look", daemon=True)
        looker.start()
        looker.join(seconds)
        problem = f"there is no answer within {seconds:g} s" if looker.is_alive() else entry.problem
        if problem and entry.kept:
            age = said_age(self._clock() - entry.kept.checked)
            self._tell(f"{entry.what} cannot be had ({problem}); its copy is in force, serial {entry.kept.serial}, {age}")
        elif looker.is_alive():
            entry.problem = problem

    def _look(self, entry: _Entry) -> Looked:
        problem, failed, before = None, False, entry.offered
        try:
            answer = self.ask(entry.kind, entry.url, entry.kept.etag if entry.kept else None)
            with self._lock:
                self._take(entry, answer.data, answer.etag)
        except CannotFetch as error:
            problem, failed = f"it cannot be fetched: {error}", True
        except NotSigned as error:
            problem = str(error)
        except RuleFileError as error:
            problem = f"it is no file that can be read: {error}"
        entry.problem = problem
        return Looked(entry.offered is not None and entry.offered is not before, problem, failed)

    def _take(self, entry: _Entry, data: bytes | None, etag: str | None) -> None:
        now = self._clock()
        if (there := self._there(entry)) is not None:
            entry.offered = there
        newest = there or entry.kept
        if data is None or (newest is not None and data == newest.data):
            return self._confirm(entry, now) if there is None else None
        verify(entry.kind, data, entry.keys)
        copy = Copy(data=data, serial=serial_of(parse_signed(entry.url, data)), checked=now, etag=etag)
        if newest is not None and copy.serial < newest.serial:
            back = f"{newest.serial} or more (to go back all the same: end the proxies, remove {entry.path})"
            raise NotSigned(f"serial {copy.serial}, older than what was in force already", back)
        if newest is not None and copy.serial == newest.serial and copy.digest != newest.digest:
            raise NotSigned(f"serial {copy.serial} again with other content", f"a serial above {newest.serial} for a changed file")
        entry.offered = copy

    def _there(self, entry: _Entry) -> Copy | None:
        """A later file that another proxy with this state folder has had already."""
        try:
            there = copies.load(entry.path)
            if there is None or (entry.kept is not None and there.serial <= entry.kept.serial):
                return None
            verify(entry.kind, there.data, entry.keys)
        except (OSError, Damaged, NotSigned):
            return None
        return there

    def _confirm(self, entry: _Entry, now: float) -> None:
        if entry.kept is None:
            raise CannotFetch("the server says that nothing has changed, and there is no copy")
        before = entry.kept
        entry.kept = Copy(data=before.data, serial=before.serial, checked=now, etag=before.etag)
        entry.read = entry.kept if entry.read is before else entry.read
        if now - before.checked > _CONFIRM:
            self._keep(entry, entry.kept)

    def _keep(self, entry: _Entry, copy: Copy) -> None:
        try:
            copies.keep(entry.path, copy)
        except OSError as error:
            self._tell(f"{entry.what} is in force, but cannot be kept for a start without network: {error}")

    def _checked(self, entry: _Entry, copy: Copy) -> Document:
        """As the keys of now will have it, which may be others than those it was offered by."""
        try:
            verify(entry.kind, copy.data, entry.keys)
        except NotSigned as error:
            raise _problem(entry.url, error.found, error.expected) from None
        return parse_signed(entry.url, copy.data)


def remote_folder() -> Path:
    """Where the copies are kept."""
    return state_folder() / "remote"


def kept_only(folder: Path) -> Get:
    """What readers beside the proxy get: the copies that it has kept."""

    def get(kind: Kind, url: str, keys: tuple[PublicKey, ...] | None) -> Document:
        if keys is None:
            raise _problem(url, "a URL", "a file: only the proxy fetches rules (amp_rules)")
        path = copies.path_of(folder, kind, url)
        try:
            if (copy := copies.load(path)) is None:
                raise _problem(url, "no copy of it on this machine", "one: start the proxy with these rules once")
            verify(kind, copy.data, keys)
        except NotSigned as error:
            raise _problem(url, error.found, error.expected) from None
        except (OSError, Damaged) as error:
            raise _problem(url, f"a copy that cannot be used ({error})", "one that this suite has kept") from None
        return parse_signed(url, copy.data)

    return get


def parse_signed(url: str, data: bytes) -> Document:
    """The signature's line is a comment: places are those that the file's own editor shows. Raises RuleFileError."""
    shown = scrub_text(url)
    return parse(text_of(shown, data), shown)


def serial_of(document: Document) -> int:
    """Raises RuleFileError."""
    found = document.root.items.get("serial") if isinstance(document.root, Mapping) else None
    if isinstance(found, Leaf) and isinstance(found.value, int) and not isinstance(found.value, bool) and found.value > 0:
        return found.value
    place = found or document.root
    raise RuleFileError([Problem(document.file, place.line, place.column, "serial", "no serial", "a number above 0, higher each time")])


def said_age(seconds: float) -> str:
    """`was checked 5 minutes ago`"""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"was checked {count} {unit}{'s' if count > 1 else ''} ago"
    return "was checked just now"


def _problem(url: str, found: str, expected: str) -> RuleFileError:
    return RuleFileError([Problem(scrub_text(url), 0, 0, "", found, expected)])
