"""Where the suite keeps what outlives a run: folders of its own, after the XDG base directory specification, only for their owner."""

import contextlib
import errno
import os
import stat
from pathlib import Path

FOLDER = "amp-addons"


def state_folder() -> Path:
    """`$XDG_STATE_HOME/amp-addons`, or `~/.local/state/amp-addons`; it need not be there."""
    return _folder("XDG_STATE_HOME", "~/.local/state")


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/amp-addons`, or `~/.cache/amp-addons`, for what can be made again; it need not be there."""
    return _folder("XDG_CACHE_HOME", "~/.cache")


def _folder(variable: str, default: str) -> Path:
    base = os.environ.get(variable, "")
    if not os.path.isabs(base):  # a relative one is to be ignored, says the specification
        base = os.path.expanduser(default)
    return Path(base) / FOLDER


def make_private(folder: Path) -> None:
    """Make the folder where it is missing, 0700, and tighten a looser mode.

    Raises:
        OSError: it cannot be made, is a symbolic link or a file, or belongs to somebody else. The text says what was found.
    """
    try:
        if not folder.parent.is_dir():
            make_private(folder.parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        found = os.lstat(folder)
    except OSError as error:
        raise OSError(error.errno, f"the folder {folder} cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.ENOTDIR, f"{folder} is not a folder (symbolic links are not followed)")
    if os.name != "posix":
        return  # Windows: the folder of a user has an access list of that user
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, f"the folder {folder} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.chmod(folder, 0o700)
