import pytest

from amp_addons.doctor.errors import KNOWN

# As runtimes and the client write them.
LINES = {
    "Error: self-signed certificate in certificate chain": "trust",
    "code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'": "trust",
    "TypeError: fetch failed: unable to get local issuer certificate": "trust",
    "invalid peer certificate: UnknownIssuer": "trust",
    "unknown certificate verification error": "trust",
    "certificate has expired": "expired",
    "ERR_TLS_CERT_ALTNAME_INVALID": "name",
    "connect ECONNREFUSED 127.0.0.1:8080": "refused",
    "error: ConnectionRefused: Unable to connect. Is the computer able to access the url?": "refused",
    "getaddrinfo ENOTFOUND ampcode.com": "lookup",
    "getaddrinfo EAI_AGAIN ampcode.com": "lookup",
    "Proxy response (407) !== 200 when HTTP Tunneling": "auth",
    "ConnectTimeoutError: code UND_ERR_CONNECT_TIMEOUT": "timeout",
    "Unexpected server response: 502": "upgrade",
    "WebSocket connection to 'wss://ampcode.com' failed": "upgrade",
    "502 Bad Gateway": "gateway",
    "read ECONNRESET": "reset",
    "Invalid or missing API key": "key",
    "Connection error.": "connection",
    "TypeError: x is not a function": None,
    "took 407ms": None,
    "thread T-5020 gateway of nothing": None,
}


@pytest.mark.parametrize("line, name", LINES.items())
def test_lines(line, name):
    assert next((known.name for known in KNOWN if known.pattern.search(line)), None) == name


def test_every_known_error_is_tried():
    assert {known.name for known in KNOWN} == set(LINES.values()) - {None}
