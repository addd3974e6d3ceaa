"""The last good copy of each signed file, in the state folder: what a proxy starts with while the network is away.

With it the highest serial that was in force is remembered. A copy is one file, whose first line says what is known of it; it is verified
again whenever it is read.
"""

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from amp_addons.core.signature import Kind, content_of
from amp_addons.files import locked, replace_private
from amp_addons.rulefiles.remote.asking import MAX_ETAG
from amp_addons.rulefiles.yamlfile import MAX_BYTES
from amp_addons.state import make_private

_MAX_HEAD = 1024


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A signed file as it came. `checked` is when the server last had it, in seconds since 1970."""

    data: bytes
    serial: int
    checked: float
    etag: str | None = None

    @property
    def digest(self) -> str:
        """Of what is signed: the same file signed anew has the same one."""
        return hashlib.sha256(content_of(self.data)).hexdigest()


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: int
    serial: int
    checked: float
    size: int
    etag: str | None = None


class Damaged(ValueError):
    """What is kept is no copy. The text says which file, and what to do."""


def path_of(folder: Path, kind: Kind, url: str) -> Path:
    """Its name says nothing of the URL."""
    return folder / f"{kind}-{hashlib.sha256(url.encode()).hexdigest()[:32]}"


def load(path: Path) -> Copy | None:
    """The copy, or None where there is none. Raises Damaged, OSError."""
    try:
        data = _read(path)
    except FileNotFoundError:
        return None
    line, _, rest = data.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.MsgspecError:
        head = None
    if head is None or head.v != 1 or head.size != len(rest) or head.serial < 1 or len(head.etag or "") > MAX_ETAG:
        raise Damaged(f"{path} is damaged; remove it, and the next good file of the server's is taken whatever its serial")
    return Copy(data=rest, serial=head.serial, checked=head.checked, etag=head.etag)


def keep(path: Path, copy: Copy) -> None:
    """Keep this copy, unless another proxy has kept a later one meanwhile. Raises OSError."""
    make_private(path.parent)
    with locked(path.parent / "lock"):
        try:
            there = load(path)
        except Damaged:
            there = None
        if there is None or there.serial <= copy.serial:
            head = _Head(v=1, serial=copy.serial, checked=copy.checked, size=len(copy.data), etag=copy.etag)
            replace_private(path, msgspec.json.encode(head) + b"\n" + copy.data)


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is not a regular file")
        if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
            raise OSError(f"{path} is not this user's alone: others may have changed it; remove it")
        return stream.read(MAX_BYTES + _MAX_HEAD)
