"""The key that several proxies share, so that each gives the same placeholder, the same upstream and the same sample for the same thing."""

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from amp_addons.files import read_private

KEY, KEY_FILE = "AMP_ADDONS_KEY", "AMP_ADDONS_KEY_FILE"

MIN_LENGTH, MAX_LENGTH = 16, 4096
"""Characters. Who guesses a short one can tell which secret a placeholder or hash stands for."""

_HOW = "openssl rand -hex 32 makes a good one"


def shared_key(environ: Mapping[str, str]) -> bytes | None:
    """The key in the environment, or in the file that it names; None where there is neither. Raises ValueError, which says what to do."""
    if environ.get(KEY) and environ.get(KEY_FILE):
        raise ValueError(f"found both {KEY} and {KEY_FILE}, expected one of them")
    if name := environ.get(KEY_FILE):
        where, text = KEY_FILE, _in_file(Path(name).expanduser())
    else:
        where, text = KEY, environ.get(KEY, "").strip().encode("utf-8", "surrogateescape")
        if not environ.get(KEY):
            return None
    if len(text) < MIN_LENGTH:
        raise ValueError(f"{where}: found a key of {len(text)} characters, expected {MIN_LENGTH} at least ({_HOW})")
    return blake2b(text).digest()


def _in_file(path: Path) -> bytes:
    try:
        return read_private(path, MAX_LENGTH).strip()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"{KEY_FILE}: found {path}, which cannot be read ({reason}), expected a file with the key, mode 0600") from None
