"""Which names of captures are URLs, and how they are shown. What reads them (`remote`) is an extra's."""

import re

from amp_addons.core.scrub import scrub_url, visible

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""Two letters at least: `C://` is a drive. A chain of several (`zip::s3://…`) is none: it is not needed, and names files inside files."""


def is_url(name: str) -> bool:
    return _URL.match(name) is not None


def shown(name: str) -> str:
    """A capture's name for messages: a URL may have a password in it."""
    return visible(scrub_url(name)) if is_url(name) else name
