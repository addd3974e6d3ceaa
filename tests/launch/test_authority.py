import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography import x509

from amp_addons.launch import authority

HOSTS = {"ampcode.com", "openrouter.ai", "127.0.0.1"}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "ca"


def test_it_is_made_once_for_its_owner_alone_and_vouches_for_these_hosts_only(place):
    assert authority.why_not(place, HOSTS) == "there is none yet"
    assert authority.ensure(place, HOSTS) and not authority.ensure(place, HOSTS) and not authority.ensure(place, {"ampcode.com"})
    assert {path.name: path.stat().st_mode & 0o777 for path in place.iterdir()} == {
        "mitmproxy-ca.pem": 0o600,
        "mitmproxy-ca-cert.pem": 0o600,
        "lock": 0o600,
    }
    assert place.stat().st_mode & 0o777 == 0o700
    found = authority.load(place)
    assert set(authority.vouches_for(found)) == HOSTS
    assert found.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert b"PRIVATE KEY" not in authority.certificate(place).read_bytes()


def test_a_service_of_one_s_own_has_an_authority_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    urls = ["https://ampcode.com", "https://AMPCODE.com/", "http://127.0.0.1:8090", "https://amp.corp/x"]
    names = [authority.folder(url, all_hosts=False).name for url in urls]
    assert names == ["ca", "ca", "ca-127.0.0.1_8090", "ca-amp.corp"]
    assert authority.folder(urls[2], all_hosts=True).name == "ca-all-hosts"


def test_what_it_vouched_for_it_goes_on_vouching_for(place):
    authority.ensure(place, HOSTS)
    authority.ensure(place, {"amp.corp"})
    assert set(authority.vouches_for(authority.load(place))) == {*HOSTS, "amp.corp"}


def test_another_host_makes_a_new_one(place):
    authority.ensure(place, HOSTS)
    serial = authority.load(place).serial_number
    assert authority.why_not(place, {*HOSTS, "amp.corp"}) == "it does not vouch for amp.corp"
    assert authority.ensure(place, {*HOSTS, "amp.corp"}) and authority.load(place).serial_number != serial


def test_for_any_host_only_where_that_is_asked_for(place):
    authority.ensure(place, None)
    assert authority.vouches_for(authority.load(place)) is None and authority.why_not(place, None) is None
    assert authority.why_not(place, HOSTS) == "it vouches for any host"
    authority.ensure(place, HOSTS)
    assert authority.why_not(place, None) == "it vouches for some hosts only"


def test_it_is_renewed_before_it_expires(place, monkeypatch):
    monkeypatch.setattr(authority, "VALID", timedelta(days=29))
    authority.ensure(place, HOSTS)
    assert authority.why_not(place, HOSTS).startswith("it expires on 20")
    monkeypatch.undo()
    assert authority.ensure(place, HOSTS) and authority.why_not(place, HOSTS) is None


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_damaged_files_are_made_anew(place, damage):
    authority.ensure(place, HOSTS)
    authority.certificate(place).write_bytes(damage)
    assert authority.why_not(place, HOSTS) == "its files cannot be read"
    assert authority.ensure(place, HOSTS) and authority.why_not(place, HOSTS) is None


def test_it_is_removed(place):
    authority.ensure(place, HOSTS)
    assert authority.remove(place) and not authority.remove(place) and [path.name for path in place.iterdir()] == ["lock"]


def test_processes_that_begin_at_once_have_the_same_one(place):
    program = (
        "import sys; from pathlib import Path; from amp_addons.launch import authority; place = Path(sys.argv[1]);"
        "authority.ensure(place, {'ampcode.com'}); print(authority.load(place).serial_number)"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(place)], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1
