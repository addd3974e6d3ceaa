"""What asking a server for a file comes to, for those who have somebody ask: `fetch` is imported by the proxy alone."""

from collections.abc import Callable
from typing import NamedTuple

from amp_addons.core.signature import Kind

SECONDS = 10.0
"""For the whole of it: a small file on a slow line takes one or two."""

MAX_ETAG = 256
"""Longest entity tag that is remembered; with a longer one the file is fetched each time."""


class CannotFetch(OSError):
    """There is no file. The text completes "the file cannot be fetched: …"."""


class Answer(NamedTuple):
    """The file, or None where it is the one of the `etag` that was sent."""

    data: bytes | None
    etag: str | None


type Ask = Callable[[Kind, str, str | None], Answer]
"""Kind, URL and the last entity tag. Raises CannotFetch."""
