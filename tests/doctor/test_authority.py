import os
from datetime import UTC, datetime, timedelta

import pytest
from support.authority import HOSTS, made

from amp_addons.doctor.authority import authority


@pytest.mark.parametrize(
    "days, state, word",
    [
        (-3, "failure", "valid from"),
        (0, "ok", "for 2 hosts"),
        (690, "ok", "until"),
        (710, "warning", "expires on"),
        (731, "failure", "expired on"),
    ],
)
def test_dates(tmp_path, days, state, word):
    made(tmp_path / "ca")
    found, modes = authority(tmp_path / "ca", HOSTS, datetime.now(UTC) + timedelta(days=days))
    assert (found.id, found.state, modes.state) == ("ca", state, "ok")
    assert word in found.text


def test_none_yet(tmp_path):
    [found] = authority(tmp_path / "ca", HOSTS)
    assert (found.state, "amp-addons run" in found.remedy) == ("warning", True)


@pytest.mark.parametrize("text, word", [("", "it is no certificate"), ("-----BEGIN CERTIFICATE-----\nAAAA\n", "it is no certificate")])
def test_no_certificate(tmp_path, text, word):
    made(tmp_path)
    (tmp_path / "mitmproxy-ca-cert.pem").write_text(text)
    [found] = authority(tmp_path, HOSTS)
    assert (found.state, word in found.text) == ("failure", True)


def test_a_host_that_it_does_not_vouch_for(tmp_path):
    made(tmp_path / "ca")
    found, _ = authority(tmp_path / "ca", [*HOSTS, "amp.corp.example"])
    assert found.state == "failure"
    assert "does not vouch for amp.corp.example" in found.text and "amp-addons ca --renew" in found.remedy


def test_the_key_of_another(tmp_path):
    made(tmp_path / "a")
    made(tmp_path / "b")
    os.replace(tmp_path / "b" / "mitmproxy-ca.pem", tmp_path / "a" / "mitmproxy-ca.pem")
    found, _ = authority(tmp_path / "a", HOSTS)
    assert (found.state, "another one's" in found.text) == ("failure", True)


@pytest.mark.parametrize(
    "file, mode, state", [("mitmproxy-ca.pem", 0o640, "failure"), ("", 0o755, "failure"), ("mitmproxy-ca-cert.pem", 0o644, "ok")]
)
def test_modes(tmp_path, file, mode, state):
    place = tmp_path / "ca"
    made(place)
    (place / file).chmod(mode)
    _, found = authority(place, HOSTS)
    assert (found.id, found.state) == ("ca.modes", state)
    if state == "failure":
        assert f"{mode:04o}" in found.text and f"chmod go= {place / file}".rstrip("/") in found.remedy
