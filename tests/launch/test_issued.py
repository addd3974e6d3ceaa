import pytest
from support.issued import issued

from amp_addons.launch import authority
from amp_addons.launch.issued import Unusable, use

HOSTS = {"ampcode.com", "openrouter.ai"}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "ca"


def test_it_takes_the_place_of_the_machine_s_own(place, tmp_path):
    authority.ensure(place, HOSTS)
    found = use(issued(tmp_path / "f.pem"), place, HOSTS)
    assert authority.load(place) == found and not authority.ensure(place, HOSTS)
    assert {path.name: path.stat().st_mode & 0o777 for path in place.iterdir()} == {
        "mitmproxy-ca.pem": 0o600,
        "mitmproxy-ca-cert.pem": 0o600,
        "lock": 0o600,
    }
    assert authority.certificate(place).read_bytes().count(b"BEGIN CERTIFICATE") == 2
    assert b"PRIVATE KEY" not in authority.certificate(place).read_bytes()


@pytest.mark.parametrize(
    ("limits", "fits"), [(None, True), (["ampcode.com", "openrouter.ai"], True), (["com", "ai"], True), (["com"], False)]
)
def test_it_vouches_for_the_hosts_or_is_refused(place, tmp_path, limits, fits):
    file = issued(tmp_path / "f.pem", limits)
    if fits:
        use(file, place, HOSTS)
        assert authority.why_not(place, HOSTS) is None
    else:
        with pytest.raises(Unusable, match=r"does not vouch for openrouter\.ai"):
            use(file, place, HOSTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": False}, "found no key"),
        ({"ca": False}, "may sign no others"),
        ({"days": 5}, "it expires on"),
        ({"mode": 0o644}, "chmod 600"),
    ],
)
def test_what_cannot_be_used_changes_nothing(place, tmp_path, wrong, said):
    authority.ensure(place, HOSTS)
    before = authority.load(place)
    with pytest.raises(Unusable, match=said):
        use(issued(tmp_path / "f.pem", **wrong), place, HOSTS)
    assert authority.load(place) == before


def test_the_key_of_another_certificate_is_refused(place, tmp_path):
    one, two = issued(tmp_path / "1", root=False).read_bytes(), issued(tmp_path / "2", root=False).read_bytes()
    (tmp_path / "1").write_bytes(one[: one.index(b"-----BEGIN CERTIFICATE")] + two[two.index(b"-----BEGIN CERTIFICATE") :])
    with pytest.raises(Unusable, match="belongs to its key"):
        use(tmp_path / "1", place, HOSTS)


def test_one_that_can_no_longer_be_used_is_told_of_and_stays(place, tmp_path):
    use(issued(tmp_path / "f.pem", ["ampcode.com"]), place, {"ampcode.com"})
    with pytest.raises(OSError, match=r"issued by CN=Example Corp Root, cannot be used: it does not vouch for openrouter\.ai"):
        authority.ensure(place, HOSTS)
    assert authority.issued_by(place) == "CN=Example Corp Root"
