import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.authority import made

from amp_addons.doctor.environment import Shell, environment, is_ours

HOSTS = [("ampcode.com", 443), ("openrouter.ai", 443)]
OURS = "http://127.0.0.1:8080"
SECRET = "pass" + "word" * 3


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Ours, an older one of ours, and somebody's that has another name."""
    folder = tmp_path_factory.mktemp("authorities")
    own, older = made(folder / "own"), made(folder / "older")
    (folder / "nothing.pem").write_text("no certificate")
    from amp_addons.sim.certificates import Authority

    Authority(folder)  # ca.pem
    return own, older, folder


def shell(authorities, environ, amp_url="https://ampcode.com"):
    return Shell(environ, 8080, amp_url, HOSTS, [authorities[0]])


def found(authorities, environ, **options):
    return {each.id: each for each in environment(shell(authorities, environ, **options))}


@pytest.mark.parametrize(
    "environ, state, word",
    [
        pytest.param({}, "warning", "HTTPS_PROXY is not set", id="unset"),
        pytest.param({"ALL_PROXY": OURS}, "warning", "ALL_PROXY is, which Node and Bun do not read", id="all"),
        pytest.param({"HTTPS_PROXY": OURS}, "ok", "HTTPS_PROXY leads to 127.0.0.1:8080", id="ours"),
        pytest.param({"https_proxy": "localhost:8080"}, "ok", "https_proxy leads to", id="ours in lower case"),
        pytest.param({"HTTPS_PROXY": OURS, "https_proxy": "http://corp:3128"}, "failure", "name different proxies", id="two"),
        pytest.param({"HTTPS_PROXY": f"http://me:{SECRET}@corp:3128"}, "warning", "another proxy, corp:3128", id="company"),
        pytest.param({"HTTPS_PROXY": "http://127.0.0.1:9"}, "warning", "another proxy, 127.0.0.1:9", id="another port"),
        pytest.param({"HTTPS_PROXY": f"socks5://me:{SECRET}@corp:1080"}, "failure", "SOCKS, NTLM, Kerberos", id="socks"),
        pytest.param({"HTTPS_PROXY": f"http://me:{SECRET}@corp/x.pac"}, "failure", "PAC file", id="pac"),
        pytest.param({"HTTPS_PROXY": "http://:99999"}, "failure", "no proxy's address", id="no address"),
    ],
)
def test_proxy(authorities, environ, state, word):
    each = found(authorities, environ)["env.proxy"]
    assert (each.state, word in each.text) == (state, True), each
    assert SECRET not in each.text + (each.remedy or "")
    assert state == "ok" or "amp-addons env" in each.remedy


def test_remedies_name_the_port(authorities):
    each = next(environment(shell(authorities, {})._replace(port=9000)))
    assert 'eval "$(amp-addons env --port 9000)"' in each.remedy
    assert "an IDE or a dock" in each.remedy


def test_automatic_configuration_is_named(authorities):
    assert found(authorities, {"auto_proxy": "http://corp/wpad.dat"})["env.pac"].state == "warning"


@pytest.mark.parametrize(
    "environ, state, word",
    [
        ({}, "ok", "leaves out none"),
        ({"NO_PROXY": "localhost,127.0.0.1,.corp.example"}, "ok", "leaves out none"),
        ({"NO_PROXY": "*"}, "failure", "NO_PROXY has '*', so ampcode.com"),
        ({"NO_PROXY": "a.example, .ampcode.com"}, "failure", "NO_PROXY has '.ampcode.com'"),
        ({"no_proxy": "openrouter.ai:443"}, "failure", "no_proxy has 'openrouter.ai:443', so openrouter.ai"),
        ({"NO_PROXY": "ampcode.com:8443"}, "ok", "leaves out none"),
        ({"NO_PROXY": "notampcode.com"}, "ok", "leaves out none"),
    ],
)
def test_no_proxy(authorities, environ, state, word):
    each = found(authorities, {**environ, "HTTPS_PROXY": OURS})["env.no_proxy"]
    assert (each.state, word in each.text) == (state, True), each
    if state == "failure":
        assert found(authorities, environ)["env.no_proxy"].state == "warning"


@pytest.mark.parametrize(
    "file, proxied, otherwise, word",
    [
        ("", "failure", "skipped", "is not set"),
        ("own/mitmproxy-ca-cert.pem", "ok", "ok", "has the proxy's certificate authority"),
        ("older/mitmproxy-ca-cert.pem", "failure", "warning", "an older certificate authority of the proxy's"),
        ("ca.pem", "failure", "ok", "certificate"),
        ("nothing.pem", "failure", "failure", "there is no certificate"),
        ("missing.pem", "failure", "failure", "cannot be read (No such file or directory)"),
    ],
)
def test_certificates(authorities, file, proxied, otherwise, word):
    environ = {"NODE_EXTRA_CA_CERTS": str(authorities[2] / file)} if file else {}
    for more, state in (({"HTTPS_PROXY": OURS}, proxied), ({}, otherwise)):
        each = found(authorities, {**environ, **more})["env.ca"]
        assert (each.state, word in each.text) == (state, True), each


def test_one_among_several_is_enough(authorities, tmp_path):
    own, _, folder = authorities
    bundle = tmp_path / "all.pem"
    bundle.write_bytes((folder / "ca.pem").read_bytes() + b"# note\r\n" + own.public_bytes(Encoding.PEM).replace(b"\n", b"\r\n"))
    assert found(authorities, {"HTTPS_PROXY": OURS, "NODE_EXTRA_CA_CERTS": str(bundle)})["env.ca"].state == "ok"
    assert found(authorities, {"HTTPS_PROXY": OURS, "SSL_CERT_FILE": str(bundle)})["env.bundle"].text.endswith("the proxy's among them")


@pytest.mark.parametrize("file, state", [("ca.pem", "warning"), ("own/mitmproxy-ca-cert.pem", "ok"), ("missing.pem", "failure")])
def test_bundles(authorities, file, state):
    environ = {"HTTPS_PROXY": OURS, "REQUESTS_CA_BUNDLE": str(authorities[2] / file)}
    assert found(authorities, environ)["env.bundle"].state == state


@pytest.mark.parametrize("file, word", [("own/mitmproxy-ca-cert.pem", "the whole system trusts"), ("ca.pem", "without the proxy's")])
def test_the_systems_own(authorities, file, word):
    each = {each.id: each for each in environment(shell(authorities, {}), [authorities[2] / file])}["env.system_ca"]
    assert (each.state, word in each.text) == ("ok", True)


def test_reverse(authorities):
    each = found(authorities, {"AMP_URL": OURS, "NO_PROXY": "*"}, amp_url=OURS)
    assert {id: one.state for id, one in each.items()} == {"env.proxy": "ok", "env.ca": "skipped"}


def test_dangers(authorities):
    each = found(authorities, {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}, amp_url="http://amp.corp.example")
    assert (each["env.unverified"].state, each["env.plain"].state) == ("warning", "warning")
    assert "env.plain" not in found(authorities, {}, amp_url="http://127.0.0.1:4000")


@pytest.mark.parametrize(
    "value, ours",
    [
        (OURS, True),
        ("127.0.0.1:8080", True),
        ("http://me:p@ss@127.0.0.1:8080", True),
        ("me:pw@localhost:8080", True),
        ("http://[::1]:8080/", True),
        ("http://corp:8080", False),
        ("", False),
        ("http://127.0.0.1", False),
    ],
)
def test_is_ours(value, ours):
    assert is_ours(value, 8080) is ours
