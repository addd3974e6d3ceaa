"""A password for a proxy that attaches a credential of somebody's: any program on this machine can reach its port (THREATS 11).

Made anew for each proxy. `amp-addons run` leaves it in a file that only its user can read, for `amp-addons env`.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

from amp_addons.core.rules.model import Include
from amp_addons.core.rules.url import is_url
from amp_addons.files import replace_private
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.state import make_private, state_folder

USER = "amp"


def wanted(rules: Sequence[str], catalogs: Sequence[str]) -> bool:
    """Whether any upstream in these rule files has a credential, or may have one. Raises rulefiles.problems.RuleFileError, OSError.

    Named beside them, a file by URL defines none. What a local file includes by URL is only known where there is a copy of it.
    """
    local = [name for name in rules if not is_url(name)]
    if not local:
        return False
    from amp_addons.rulefiles.included import sources
    from amp_addons.rulefiles.rules import RuleSet

    try:
        loaded = RuleSet.load(*local, catalog=Catalog.load(*(name for name in catalogs if not is_url(name))), placeholders=True)
    except RuleFileError:
        by_url = any(isinstance(entry, Include) and entry.url for source in sources(local)[0] for entry in source.file.include)
        if by_url or any(map(is_url, catalogs)):
            return True
        raise
    return any(upstream.credential is not None for upstream in loaded.upstreams.values())


def new() -> str:
    """`user:password`, as mitmproxy's option `proxyauth` and URLs have it."""
    return f"{USER}:{secrets.token_urlsafe(24)}"


def keep(port: int, secret: str | None) -> None:
    """Leave it for `amp-addons env`, or take away what an earlier proxy on this port has left. Raises OSError."""
    file = _file(port)
    if secret is None:
        file.unlink(missing_ok=True)
        return
    make_private(file.parent)
    replace_private(file, secret.encode())


def kept(port: int) -> str | None:
    """What the proxy on this port wants, if it wants any."""
    try:
        return _file(port).read_text().strip() or None
    except OSError:
        return None


def _file(port: int) -> Path:
    return state_folder() / "run" / f"{port}.secret"
