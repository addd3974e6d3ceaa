"""Bundles of certificates: what a program is to trust in place of its own, without trusting less than before (THREATS 17)."""

import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path

import certifi

from amp_addons.files import replace_private

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


class Unreadable(ValueError):
    """A file of certificates that is named cannot be read. The text says which, and why."""


def system_roots() -> list[Path]:
    """The files with what this system trusts; none where it keeps that otherwise (Windows)."""
    paths = ssl.get_default_verify_paths()
    found = [Path(name) for name in (paths.openssl_cafile, *_SYSTEM) if name]
    return [path for path in dict.fromkeys(found) if path.is_file()][:1]


def write_bundle(path: Path, files: Iterable[tuple[str, Path]], *, roots: bool = True) -> None:
    """Write certificates to a file, each once: of certifi and the system (with `roots`), and of the files, each with the name of what
    names it.

    Raises Unreadable, OSError.
    """
    parts: list[Sequence[bytes]] = []
    if roots:
        parts = [certificates(found.read_bytes()) for found in (Path(certifi.where()), *system_roots())]
    for name, file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise Unreadable(f"{name} names {file}, which cannot be read: {error.strerror}") from None
        if not (found := certificates(data)):
            raise Unreadable(f"{name} names {file}, in which there is no certificate (PEM)")
        parts.append(found)
    whole = dict.fromkeys(each for part in parts for each in part)
    replace_private(path, b"\n".join(whole) + b"\n")


def certificates(pem: bytes) -> list[bytes]:
    """The certificates in a PEM file, each as it stands there."""
    found = []
    for part in pem.split(_BEGIN)[1:]:
        body, end, _ = part.partition(_END)
        if end:
            found.append(_BEGIN + body.replace(b"\r\n", b"\n") + _END)
    return found
