"""Certificates for any name, made when asked."""

import ssl
import stat

import pytest

from amp_addons.sim import certificates
from amp_addons.sim.certificates import Authority


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def handshake(authority, name, trusted=True):
    """The certificate that a client gets for a name, and the name that the server noted."""
    context = ssl.create_default_context(cafile=authority.path if trusted else None)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    server = authority.entry.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    return client.getpeercert(), server.sni


@pytest.mark.parametrize("name", ["ampcode.com", "openrouter.ai", "no-such-host.invalid", "localhost", "a_b.example"])
def test_certificate_is_for_the_name(authority, name):
    certificate, noted = handshake(authority, name)
    assert certificate["subjectAltName"] == (("DNS", name),)
    assert noted == name


def test_address_has_a_certificate_too(authority):
    certificate, noted = handshake(authority, "127.0.0.1")
    assert ("IP Address", "127.0.0.1") in certificate["subjectAltName"]
    assert noted is None


def test_nobody_trusts_it_who_was_not_told_to(authority):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority, "ampcode.com", trusted=False)


def test_only_the_owner_can_read_its_files_and_no_key_stays(authority, tmp_path):
    handshake(authority, "ampcode.com")
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]
    assert stat.S_IMODE(authority.path.stat().st_mode) == 0o600
    assert b"PRIVATE" not in authority.path.read_bytes()


def test_certificates_are_kept_but_not_all(authority, monkeypatch):
    monkeypatch.setattr(certificates, "MAX_NAMES", 2)
    serials = [handshake(authority, name)[0]["serialNumber"] for name in ("a.test", "a.test", "b.test", "c.test", "a.test")]
    assert serials[0] == serials[1] != serials[4]


@pytest.mark.parametrize("name", ["-", "a..b", "a b", "x" * 300, "*.example.com"])
def test_odd_names_get_the_certificate_for_the_address(authority, name):
    assert authority._context(name) is authority._context("127.0.0.1")
