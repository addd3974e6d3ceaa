"""Opening the files the suite writes: only for their owner, never through a symbolic link, one writer at a time (THREATS 9)."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows has no flock, and its files get the folder's access list instead of a mode
    fcntl = None  # type: ignore[assignment]

OWNER_ONLY = 0o600


def open_private(path: str | Path) -> int:
    """Open a file for appending and return its descriptor; created 0600, a looser mode of an existing file tightened.

    Raises:
        OSError: cannot be opened, is a symbolic link or no regular file, belongs to somebody else, or has a writer already.
            The text says what was found and what to do.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags, OWNER_ONLY)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path} is a symbolic link, which is not followed; name the file itself") from error
        raise OSError(error.errno, f"{path} cannot be opened for writing: {error.strerror}") from error
    try:
        _own(descriptor, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_private(path: str | Path, most: int) -> bytes:
    """A file with a secret in it, which nobody else may read. Raises OSError, also for one with more than `most` bytes."""
    with open(path, "rb", opener=_at_once) as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if os.name == "posix" and found.st_mode & 0o077:
            raise OSError(errno.EPERM, "others may read it: chmod 600 it", str(path))
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes, expected that at most", str(path))
    return data


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for somebody to write


def replace_private(path: str | Path, data: bytes) -> None:
    """Write a file as a whole. Raises as `replacing` does."""
    with replacing(path) as out:
        out.write(data)


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A new file, which takes the place of this name at the end: it is there at once and as a whole, for its owner alone.

    What was there before is replaced when that is a file, and stays when the block raises.

    Raises:
        OSError: cannot be written, or a symbolic link or something that is no file stands there, which is left alone.
    """
    target = Path(path)
    try:
        found = os.lstat(target)
    except FileNotFoundError:
        pass
    else:
        if stat.S_ISLNK(found.st_mode):
            raise OSError(errno.ELOOP, f"{path} is a symbolic link, which is not followed; name the file itself")
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, f"{path} is not a regular file; name a file, or - for standard output")
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:64]}.")  # 0600
    except OSError as error:
        raise OSError(error.errno, f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _own(descriptor: int, path: str | Path) -> None:
    found = os.fstat(descriptor)
    if stat.S_ISCHR(found.st_mode):
        return  # /dev/null
    tighten(descriptor, path)
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OSError(error.errno, f"{path} is being written by another process; choose another name, or stop that process") from error


def tighten(descriptor: int, path: str | Path) -> None:
    """Make an open file one that only its owner reads and writes.

    Raises:
        OSError: it is no regular file, belongs to somebody else, or has a second name.
    """
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, f"{path} is not a regular file; name a file, or - for standard output")
    if fcntl is None:
        return
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, f"{path} belongs to another user; name a file of your own")
    if found.st_nlink != 1:
        raise OSError(errno.EMLINK, f"{path} has other names (hard links); name a file that has one")
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.fchmod(descriptor, OWNER_ONLY)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes that ask for the same file waiting. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), OWNER_ONLY)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def drop_half_line(descriptor: int) -> int:
    """Cut an unfinished last line off a file of lines, as a crash or a power cut leaves it; return how many bytes were cut."""
    found = os.fstat(descriptor)
    end = size = found.st_size if stat.S_ISREG(found.st_mode) else 0
    while end > 0:
        start = max(0, end - 65536)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(descriptor, end)
    return size - end
