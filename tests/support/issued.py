"""A company's certificate authority, and one that it issues."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amp_addons.keyusage import key_usage

PEM = serialization.Encoding.PEM
ROOT = "Example Corp Root"


def issued(file, hosts=None, *, days=365, ca=True, key=True, root=True, mode=0o600):
    """Write what a company would hand out for one machine: a key, its certificate (for these hosts) and the company's own."""
    top, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    limits = [(x509.NameConstraints([x509.DNSName(host) for host in hosts], None), True)] if hosts else []
    certificate = _signed("amp proxy of one machine", own.public_key(), ROOT, top, days, ca, limits)
    parts = [own.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())] if key else []
    parts += [certificate.public_bytes(PEM)]
    parts += [_signed(ROOT, top.public_key(), ROOT, top, days, True, []).public_bytes(PEM)] if root else []
    file.write_bytes(b"".join(parts))
    file.chmod(mode)
    return file


def _signed(name, public, issuer, key, days, ca, more):
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign") if ca else key_usage("digital_signature"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())
