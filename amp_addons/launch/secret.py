"""A password for a proxy that attaches a credential of somebody's: any program on this machine can reach its port (THREATS 11).

Made anew for each proxy. `amp-addons run` leaves it in a file that only its user can read, for `amp-addons env`.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path

from amp_addons.files import replace_private
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.state import make_private, state_folder

USER = "amp"


def wanted(rules: Sequence[str], catalogs: Sequence[str]) -> bool:
    """Whether any upstream in these rule files has a credential. Raises rulefiles.problems.RuleFileError, OSError."""
    if not rules:
        return False
    from amp_addons.rulefiles.rules import RuleSet

    loaded = RuleSet.load(*rules, catalog=Catalog.load(*catalogs), placeholders=True)
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
