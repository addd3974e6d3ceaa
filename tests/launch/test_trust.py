import ssl

import certifi
import pytest

from amp_addons.launch import authority
from amp_addons.launch.trust import Unreadable, certificates, system_roots, write_bundle


@pytest.fixture
def own(tmp_path):
    authority.ensure(tmp_path / "ca", {"ampcode.com"})
    return authority.certificate(tmp_path / "ca")


def test_a_bundle_has_all_that_was_trusted_and_ours_each_once(tmp_path, own):
    bundle = tmp_path / "bundle.pem"
    write_bundle(bundle, [("A", own), ("B", own)])
    found = certificates(bundle.read_bytes())
    assert len(found) == len(set(found)) and certificates(own.read_bytes())[0] in found
    with open(certifi.where(), "rb") as file:
        assert set(certificates(file.read())) <= set(found)
    for roots in system_roots():
        assert set(certificates(roots.read_bytes())) <= set(found)
    ssl.create_default_context(cafile=bundle)
    assert bundle.stat().st_mode & 0o777 == 0o600


def test_without_roots_only_what_is_named(tmp_path, own):
    write_bundle(tmp_path / "x.pem", [("A", own)], roots=False)
    assert certificates((tmp_path / "x.pem").read_bytes()) == certificates(own.read_bytes())


def test_comments_and_windows_line_ends_make_no_difference(own):
    text = b"# Corp\r\n" + own.read_bytes().replace(b"\n", b"\r\n") + b"trailing"
    assert certificates(text) == certificates(own.read_bytes())


@pytest.mark.parametrize("content", [None, b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA"])
def test_a_file_that_cannot_be_read_is_named_with_its_variable(tmp_path, content):
    file = tmp_path / "corp.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unreadable, match=r"NODE_EXTRA_CA_CERTS names .*corp\.pem"):
        write_bundle(tmp_path / "bundle.pem", [("NODE_EXTRA_CA_CERTS", file)])
