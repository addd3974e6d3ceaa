"""The certificate authority: is it there, good today, for the hosts in question, and only its owner's to use?"""

import os
import stat
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from amp_addons.doctor.finding import Finding, failure, ok, warning
from amp_addons.launch import authority as ca

AGAIN = 'Start `amp-addons run` again, which makes a new one, then `eval "$(amp-addons env)"` in each shell.'
_NEW = f"`amp-addons ca --renew`. {AGAIN}"
_SECRET = ("mitmproxy-ca.pem", "mitmproxy-ca.p12")
"""The files with the key in them."""


def authority(place: Path, hosts: Collection[str] | None, now: datetime | None = None) -> Iterator[Finding]:
    """The authority in a folder, for these hosts (None: for any)."""
    now = now or datetime.now(UTC)
    file = ca.certificate(place)
    try:
        found = ca.load(place)
    except FileNotFoundError:
        yield warning("ca", f"there is no certificate authority in {place} yet", "`amp-addons run` and `amp-addons exec` make one.")
        return
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no certificate"
        yield failure("ca", f"{file} cannot be read: {reason}", _NEW)
        return
    if found.not_valid_after_utc <= now:
        yield failure("ca", f"the certificate authority expired on {found.not_valid_after_utc:%Y-%m-%d}", AGAIN)
    elif found.not_valid_before_utc > now:
        yield failure(
            "ca",
            f"the certificate authority is valid from {found.not_valid_before_utc:%Y-%m-%d} on only",
            "Set this machine's clock, or: " + _NEW,
        )
    elif found.not_valid_after_utc - now < ca.RENEW:
        yield warning("ca", f"the certificate authority expires on {found.not_valid_after_utc:%Y-%m-%d}", AGAIN)
    elif reason := ca.why_not(place, hosts):
        yield failure("ca", f"the certificate authority in {place} cannot be used: {reason}", _NEW)
    else:
        allowed = ca.vouches_for(found)
        scope = "any host" if allowed is None else f"{len(allowed)} hosts"
        yield ok("ca", f"certificate authority {file}, until {found.not_valid_after_utc:%Y-%m-%d}, for {scope}")
    yield _modes(place)


def _modes(place: Path) -> Finding:
    if os.name != "posix":
        return ok("ca.modes", f"{place} has the access list of your own folder")
    for path in (place, *(place / name for name in _SECRET if (place / name).exists())):
        found = path.stat()
        if found.st_uid != os.geteuid():
            return failure("ca.modes", f"{path} belongs to another user, who can read what clients send", f"Remove {place}. {AGAIN}")
        if stat.S_IMODE(found.st_mode) & 0o077:
            return failure(
                "ca.modes",
                f"{path} can be used by other users of this machine (mode {stat.S_IMODE(found.st_mode):04o})",
                f"`chmod go= {path}`. If others were on this machine meanwhile: {_NEW}",
            )
    return ok("ca.modes", "only you can read its key")
