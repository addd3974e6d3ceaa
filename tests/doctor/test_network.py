import pytest
from support.listeners import answering, http
from support.proxy import free_port

from amp_addons.doctor import network
from amp_addons.doctor.network import Goal, goals, reach, reach_listener, remedy_of, trusting
from amp_addons.doctor.wire import Way
from amp_addons.sim import SimulatedAmp

AMP = Goal("reach.amp", "ampcode.com", 443, "/api/user")


def page(reason):
    return b"<html><body><h1>502 Bad Gateway</h1><p>%s</p></body></html>" % reason


def test_goals():
    amp, openrouter = goals("https://amp.corp.example:8443/base/")
    assert amp == Goal("reach.amp", "amp.corp.example", 8443, "/base/api/user")
    assert openrouter.host == "openrouter.ai"


@pytest.mark.parametrize("error", ["", "401", "503"])
async def test_any_status_of_the_services_is_reached(error):
    async with SimulatedAmp(error=error) as sim:
        found = await reach(Way(sim.port), AMP, trusting([sim.ca_path]))
        assert found.state == "ok"
        assert f"status {error or 200}" in found.text
        [request] = sim.requests
        assert (request.method, request.target, request.header("authorization")) == ("GET", "/api/user", None)


async def test_who_is_not_trusted(tmp_path):
    async with SimulatedAmp() as sim, SimulatedAmp() as other:
        found = await reach(Way(sim.port), AMP, trusting([other.ca_path, tmp_path / "missing"]))
    assert (found.state, "is not trusted" in found.text) == ("failure", True)


@pytest.mark.parametrize(
    "answer, text, remedy",
    [
        (http(407), "asks for a user and password", "NTLM or Kerberos"),
        (
            http(502, page(b"Certificate verify failed: unable to get local issuer certificate"), Server="mitmproxy 12"),
            "Certificate",
            "its CA",
        ),
        (http(403), "the proxy could not reach it: status 403", "firewall"),
        (b"", "cut the connection", "firewall"),
        (b"hello\r\n\r\n", "cut the connection", "firewall"),
    ],
)
async def test_what_goes_wrong(answer, text, remedy):
    async with answering(answer) as port:
        found = await reach(Way(port), AMP, trusting([]))
    assert (found.state, text in found.text) == ("failure", True), found
    assert remedy.replace("its CA", "with its CA") in found.remedy


async def test_patience_has_an_end(monkeypatch):
    monkeypatch.setattr(network, "STEP", 0.05)
    async with answering(b"", close=False) as port:
        found = await reach(Way(port), AMP, trusting([]))
    assert (found.state, "no answer within" in found.text) == ("failure", True)


@pytest.mark.parametrize(
    "answer, state, text",
    [
        (http(401, b"{}"), "ok", "status 401"),
        (http(400, page(b"x"), Server="mitmproxy 12"), "failure", "is not in reverse mode"),
        (http(502, page(b"[Errno -2] Name or service not known &amp; so on"), Server="mitmproxy 12"), "failure", "not known & so on"),
    ],
)
async def test_a_reverse_listener(answer, state, text):
    async with answering(answer) as port:
        found = await reach_listener(Way(port), AMP)
    assert (found.state, text in found.text) == (state, True), found


async def test_nobody_there():
    assert (await reach_listener(Way(free_port()), AMP)).state == "failure"


@pytest.mark.parametrize(
    "said, word",
    [
        ("Upstream proxy refused HTTP CONNECT request: 407 Proxy Authentication Required", "NTLM"),
        ("Certificate verify failed: self-signed certificate in certificate chain", "NODE_EXTRA_CA_CERTS"),
        ("[Errno -3] Temporary failure in name resolution", "looks names up"),
        ("[Errno 110] Connection timed out", "firewall"),
    ],
)
def test_remedies(said, word):
    assert word in remedy_of(said)
