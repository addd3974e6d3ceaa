import pytest
from cryptography import x509
from support.authority import made
from support.listeners import answering, http
from support.proxy import free_port

from amp_addons.doctor.environment import Shell
from amp_addons.doctor.port import Authority, listener
from amp_addons.doctor.wire import Way
from amp_addons.sim import SimulatedAmp

HOSTS = [("ampcode.com", 443)]


async def found(port, known=(), proxied=False, amp_url="https://ampcode.com"):
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"} if proxied else {}
    return await listener(Shell(environ, port, amp_url.replace("PORT", str(port)), HOSTS), Way(port), known)


def outcome(listener):
    return listener.kind, listener.finding.state


async def test_free():
    port = free_port()
    assert outcome(await found(port)) == ("free", "ok")
    proxied = await found(port, proxied=True)
    assert outcome(proxied) == ("free", "failure")
    assert f"nothing listens on port {port}" in proxied.finding.text and f"amp-addons run --port {port}`" in proxied.finding.remedy
    assert "--reverse" in (await found(port, amp_url="http://127.0.0.1:PORT")).finding.remedy


async def test_by_its_certificate(tmp_path):
    async with SimulatedAmp() as sim:
        theirs = Authority("the simulator's", x509.load_pem_x509_certificate(sim.ca_path.read_bytes()))
        known = [Authority("ours", made(tmp_path / "ca")), theirs]
        ours = await found(sim.port, known)
        assert outcome(ours) == ("proxy", "ok") and ours.authority is theirs
        other = await found(sim.port, known[:1])
        assert outcome(other) == ("other", "failure")
        assert "not with one of ours" in other.finding.text and f"--port {sim.port + 1}" in other.finding.remedy
        assert sim.requests == []


@pytest.mark.parametrize(
    "data, kind, state, proxied",
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "other", "failure", "failure"),
        (b"", "other", "failure", "failure"),
        (http(405), "other", "failure", "failure"),
        (http(407), "locked", "warning", "failure"),
        (http(400, b"<p>mitmproxy received an HTTP CONNECT request even though</p>"), "reverse", "warning", "failure"),
        (b"HTTP/1.1 200 Ok\r\n\r\nno TLS at all", "other", "failure", "failure"),
    ],
)
async def test_others(data, kind, state, proxied):
    async with answering(data) as port:
        assert outcome(await found(port)) == (kind, state)
        led = await found(port, proxied=True)
        assert outcome(led) == (kind, proxied)
        assert kind != "other" or "goes through it" in led.finding.remedy
