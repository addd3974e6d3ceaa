"""The suite's own certificate authority: one for each user on a machine, whose key only that user can read.

It vouches only for the hosts of the catalogs (X.509 name constraints, RFC 5280, 4.2.1.10): whoever steals the key cannot pose as a bank.
mitmproxy makes one without such limits; this one is made here, in the files that mitmproxy looks for. One that a company
issued may take its place (`launch.issued`).
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.scrub import visible
from amp_addons.core.target import split_target
from amp_addons.files import locked, replace_private
from amp_addons.keyusage import key_usage
from amp_addons.state import make_private, state_folder

VALID = timedelta(days=730)
RENEW = timedelta(days=30)
"""A certificate with less time left is made anew."""

NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "amp_addons"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "amp_addons (this machine only)"),
    ]
)
"""Of an authority that is made here."""

_KEY, _CERTIFICATE = "mitmproxy-ca.pem", "mitmproxy-ca-cert.pem"
_ODD = re.compile(r"[^a-z0-9.-]")
_CLOCKS = timedelta(days=2)
"""How far the clocks of clients may be behind."""


def folder(amp_url: str, *, all_hosts: bool) -> Path:
    """Where the authority is: mitmproxy's `confdir`. One that vouches for every host is another one, and so is each for a service of one's
    own: what runs beside goes on with the authority that its clients trust."""
    host = split_target(amp_url).host or ""
    own = "" if host == split_target(DEFAULT_AMP_URL).host else "-" + _ODD.sub("_", host)
    return state_folder() / ("ca-all-hosts" if all_hosts else f"ca{own}")


def certificate(place: Path) -> Path:
    """The file that clients are to trust."""
    return place / _CERTIFICATE


def ensure(place: Path, hosts: Collection[str] | None) -> bool:
    """Have an authority there that vouches for these hosts (None: for any). -> whether it was made just now

    It is made anew when it is about to expire, or does not vouch for a host; one that somebody issued (`launch.issued`) is not replaced.
    Raises OSError.
    """
    make_private(place)
    with locked(place / "lock"):
        if (problem := why_not(place, hosts)) is None:
            return False
        if issuer := issued_by(place):
            raise OSError(
                f"the authority in {place}, issued by {issuer}, cannot be used: {problem}. Take another one (amp-addons ca --use FILE), "
                "or one of this machine's own (amp-addons ca --remove)"
            )
        _make(place, None if hosts is None else {*hosts, *_vouched_before(place)})
        return True


def _vouched_before(place: Path) -> list[str]:
    """Hosts that somebody else may still want of it: another catalog's, say."""
    try:
        return vouches_for(load(place)) or []
    except (OSError, ValueError):
        return []


def issued_by(place: Path) -> str | None:
    """Who issued the authority, when it was not made here."""
    try:
        found = load(place)
    except (OSError, ValueError):
        return None
    return None if found.subject == NAME else visible(found.issuer.rfc4514_string())


def _make(place: Path, hosts: Collection[str] | None) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = _made(key, hosts)
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )  # as mitmproxy writes it
    keep(place, secret, pem)


def keep(place: Path, key: bytes, certificates: bytes) -> None:
    """Write the files, in PEM: the authority's certificate first, those that it was issued by after it. Raises OSError."""
    replace_private(place / _KEY, key + certificates)
    replace_private(certificate(place), certificates)


def remove(place: Path) -> bool:
    """Remove the authority. -> whether there was one. Raises OSError."""
    files = [path for path in (place / _KEY, certificate(place)) if path.exists()]
    for path in files:
        path.unlink()
    return bool(files)


def load(place: Path) -> x509.Certificate:
    """The certificate. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificate(certificate(place).read_bytes())


def why_not(place: Path, hosts: Collection[str] | None) -> str | None:
    """Why the authority cannot be used as it is, or None."""
    try:
        found = load(place)
        key = serialization.load_pem_private_key((place / _KEY).read_bytes(), None)
    except FileNotFoundError:
        return "there is none yet"
    except (OSError, ValueError, TypeError):
        return "its files cannot be read"
    if key.public_key() != found.public_key():
        return "its key is another one's"
    if found.not_valid_after_utc - datetime.now(UTC) < RENEW:
        return f"it expires on {found.not_valid_after_utc:%Y-%m-%d}"
    allowed = vouches_for(found)
    if hosts is None:
        return None if allowed is None else "it vouches for some hosts only"
    if allowed is None:
        return "it vouches for any host" if found.subject == NAME else None
    missing = sorted(host for host in hosts if not any(host == each or host.endswith(f".{each}") for each in allowed))
    return f"it does not vouch for {', '.join(missing)}" if missing else None


def vouches_for(found: x509.Certificate) -> list[str] | None:
    """The hosts that a certificate authority may vouch for; None: any."""
    try:
        limits = found.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
    return sorted({str(each.value).removesuffix("/32").removesuffix("/128") for each in limits.permitted_subtrees or ()})


def _made(key: rsa.RSAPrivateKey, hosts: Collection[str] | None) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS)
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if hosts is not None:
        builder = builder.add_extension(
            x509.NameConstraints([each for host in sorted(hosts) for each in _subtrees(host)], None), critical=True
        )
    return builder.sign(key, hashes.SHA256())


def _subtrees(host: str) -> list[x509.GeneralName]:
    """An address as a name too: OpenSSL takes a certificate's common name for one where there is no name beside."""
    try:
        return [x509.IPAddress(ip_network(ip_address(host))), x509.DNSName(host)]
    except ValueError:
        return [x509.DNSName(host)]
