"""The suite as a gateway, over real sockets: who is let in, and where to; what a hostile client may try."""

import base64
import contextlib
import os
import secrets
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import pytest
from e2e.runtimes import command as runtime_command
from e2e.test_admin import haproxy, serving, written
from e2e.test_protocols import post_h2
from support.proxy import DEADLINE, Proxy, body_of, free_port, head_of, post, read_all, until

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
BODY = b'{"model":"claude-x","stream":true,"messages":[]}'
NAME = "gateway.example"
PASSWORD = secrets.token_hex(8)
RULES = """
version: 1
upstreams:
  inside: {{url: {inside}}}
rules:
  - {{id: inside, match: {{host: 127.0.0.1, header: {{x-want: inside}}}}, then: {{route: inside}}}}
  - id: paced
    match: {{host: 127.0.0.1, header: {{x-want: paced}}}}
    then: {{respond: {{sse: [{{data: "1"}}, {{data: "2"}}], pace_ms: 5}}}}
"""


class Gateway:
    """`amp` is behind amp.url, `inside` an upstream of a rule, and neither is to be reached in another way."""

    def __init__(self, amp, inside, folder, *arguments):
        self.amp, self.inside = amp, inside
        (folder / "rules.yaml").write_text(RULES.format(inside=inside.url))
        bundle = folder / "both.pem"
        bundle.write_text(amp.ca_path.read_text() + inside.ca_path.read_text())
        chosen = [
            "--set",
            f"ssl_verify_upstream_trusted_ca={bundle}",
            "-s",
            "amp_addons",
            "--set",
            f"amp_rules={folder / 'rules.yaml'}",
            "--set",
            f"proxyauth=team:{PASSWORD}",
        ]
        if "--mode" not in arguments:
            chosen += ["--set", f"amp_url={amp.url}"]
        chosen += ["--set", "amp_gateway=on", "--set", f"amp_events={folder / 'events.jsonl'}"]
        chosen += [argument.format(amp=amp.port, inside=inside.port) for argument in arguments]
        self.proxy = Proxy(folder, *chosen)

    def tls(self, alpn=("http/1.1",)):
        context = ssl.create_default_context(cafile=self.proxy.ca)
        context.set_alpn_protocols(list(alpn))
        plain = socket.create_connection(("127.0.0.1", self.proxy.port), DEADLINE)
        return context.wrap_socket(plain, server_hostname=NAME)

    def ask(self, request, *, tls=True, auth=True):
        """The head and body of the answer to some bytes; nothing where the connection was closed."""
        with self.tls() if tls else socket.create_connection(("127.0.0.1", self.proxy.port), DEADLINE) as sock:
            line, _, rest = request.partition(b"\r\n")
            sock.sendall(line + b"\r\n" + (authorization() if auth else b"") + rest)
            return read_all(sock)[0].partition(b"\r\n\r\n")[::2]

    def connect(self, target, **options):
        return self.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), **options)

    @contextlib.contextmanager
    def tunnel(self, target):
        """A tunnel that was made."""
        with self.tls() as sock:
            sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode() + authorization() + b"\r\n")
            head = head_of(sock, lambda: self.proxy.output)
            assert b" 200 " in head, head
            yield sock

    @property
    def here(self):
        return f"127.0.0.1:{self.amp.port}"


def authorization(password=PASSWORD):
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"team:{password}".encode()) + b"\r\n"


@contextlib.contextmanager
def gateway(*arguments):
    """In the arguments `{amp}` and `{inside}` are the ports of the two services."""
    with simulator() as amp, simulator() as inside, tempfile.TemporaryDirectory() as folder:
        found = Gateway(amp, inside, Path(folder), *arguments)
        try:
            found.proxy.wait_ready()
            yield found
        finally:
            found.proxy.stop()


@pytest.fixture(scope="module")
def here():
    with gateway() as found:
        yield found


def get(url, host=None, more=""):
    host = host or url.partition("://")[2].partition("/")[0]
    return f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()


def test_client_with_tls_and_password_streams_through_a_tunnel(here):
    with here.tunnel(here.here) as sock:
        sock.sendall(post(MESSAGES, BODY, host=here.here, x_amp_thread_id="T-1"))
        data, how = read_all(sock)
    assert how == "complete" and b"message_stop" in body_of(data)
    [request] = [request for request in here.amp.requests if request.header("x-amp-thread-id") == "T-1"]
    assert request.header("proxy-authorization") is None


def test_absolute_form_is_served_like_a_tunnel(here):
    head, body = here.ask(get(f"http://{here.here}/api/user"))
    assert b" 200 " in head and b"user_simulated" in body


@pytest.mark.parametrize("auth", [True, False])
@pytest.mark.parametrize("request_", [b"CONNECT ampcode.com:443 HTTP/1.1\r\nHost: ampcode.com\r\n\r\n", get("http://ampcode.com/api/user")])
def test_without_tls_nobody_is_served_nor_asked_for_a_password(here, request_, auth):
    head, body = here.ask(request_, tls=False, auth=auth)
    assert b" 403 " in head and b"proxy-authenticate" not in head.lower() and b"HTTPS_PROXY=https://" in body


@pytest.mark.parametrize("given", [b"", authorization("wrong"), b"Proxy-Authorization: Bearer x\r\n"])
def test_with_tls_the_password_is_asked_for(here, given):
    for line in (f"CONNECT {here.here} HTTP/1.1\r\nHost: x\r\n", f"GET http://{here.here}/api/user HTTP/1.1\r\nHost: {here.here}\r\n"):
        head, _ = here.ask(line.encode() + given + b"\r\n", auth=False)
        assert b" 407 " in head


ELSEWHERE = [
    "example.com:443",
    "ampcode.com.evil.example:443",
    "evilampcode.com:443",
    "ampcode.com:22",
    "127.0.0.1:1",
    "localhost:443",
    "127.1:443",
    "2130706433:443",
    "0x7f000001:443",
    "0177.0.0.1:443",
    "[::1]:443",
    "[::ffff:127.0.0.1]:443",
    "[::ffff:7f00:1]:443",
    "[::127.0.0.1]:443",
    "[64:ff9b::7f00:1]:443",
    "169.254.169.254:80",
    "[fd00:ec2::254]:80",
    "METADATA.google.internal:80",
    "0.0.0.0:443",
    "[::]:443",
    "224.0.0.1:443",
    "10.0.0.1:443",
    "ampcode.com%00.evil.example:443",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_what_is_in_no_catalog_is_not_connected_to(here, target):
    head, _ = here.connect(target)
    assert b" 403 " in head or b" 400 " in head, head
    head, _ = here.ask(get(f"http://{target}/"))
    assert b" 403 " in head or b" 400 " in head, head


def test_what_is_refused_is_told_in_the_events_and_once_in_the_log(here):
    for _ in range(2):
        here.connect("told.example:443")
        here.ask(get("http://told.example:443/"))

    def told():
        return [event for event in here.proxy.events("rule.action") if "told.example" in event["detail"]]

    def ended():
        return {event["flow"]: event["outcome"] for event in here.proxy.events("flow.end")}

    until(lambda: len(told()) == 4 and len([event for event in told() if event["flow"] in ended()]) == 2, what="the events")
    assert {(event["rule"], event["action"]) for event in told()} == {("amp_gateway", "block")}
    assert [ended()[event["flow"]] for event in told() if event["flow"] in ended()] == ["blocked"] * 2
    until(lambda: "told.example:443: it is in no catalog" in here.proxy.output, what="the sentence")
    assert here.proxy.output.count("told.example:443: it is in no catalog") == 1


def test_upstream_of_a_rule_is_reached_by_the_rule_only(here):
    target = f"127.0.0.1:{here.inside.port}"
    assert b" 403 " in here.connect(target)[0]
    assert b" 403 " in here.ask(get(f"http://{target}/api/user"))[0]
    assert b" 403 " in here.ask(get(f"http://{target}/api/user", more="x-want: inside\r\n"))[0]
    before = len(here.inside.requests)
    for _ in range(2):
        head, body = here.ask(get(f"http://{here.here}/api/user", more="x-want: inside\r\n"))
        assert b" 200 " in head and b"user_simulated" in body
        assert b" 403 " in here.connect(target)[0]
    assert len(here.inside.requests) == before + 2
    head, body = here.ask(get(f"http://{here.here}/api/user", more="x-want: paced\r\n"))
    assert b" 200 " in head and body.count(b"data: ") == 2


@pytest.mark.parametrize("host", ["example.com", "169.254.169.254", "localhost", "openrouter.ai.evil.example"])
def test_host_header_that_differs_is_refused(here, host):
    head, body = here.ask(get("http://openrouter.ai/", host=host))
    assert b" 421 " in head and b"disagree" in body


def inner_tls(here, sock, name, alpn=("http/1.1",)):
    """TLS within the tunnel. It is TLS in TLS, which sockets cannot do by themselves."""
    context = ssl.create_default_context(cafile=here.proxy.ca)
    context.set_alpn_protocols(list(alpn))
    return Inner(sock, context, name)


class Inner:
    """TLS over a connection that has TLS already."""

    def __init__(self, sock, context, name):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self._do(self.tls.do_handshake)

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def sendall(self, data):
        self._do(self.tls.write, data)

    def recv(self, size):
        return self._do(self.tls.read, size)

    def _do(self, action, *arguments):
        while True:
            try:
                found = action(*arguments)
                self.sock.sendall(self.outgoing.read())
                return found
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                data = self.sock.recv(65536)
                if not data:
                    return b""
                self.incoming.write(data)


def test_tls_in_the_tunnel_streams(here):
    with here.tunnel(here.here) as outer:
        sock = inner_tls(here, outer, "127.0.0.1")
        sock.sendall(post(MESSAGES, BODY, host=here.here))
        data, how = read_all(sock)
    assert how == "complete" and b"message_stop" in body_of(data)


@pytest.mark.parametrize(
    ("sni", "host"), [("example.com", "openrouter.ai"), ("openrouter.ai", "example.com"), ("example.com", "example.com")]
)
def test_other_name_in_tls_or_in_the_request_than_in_the_tunnel_is_refused(here, sni, host):
    with here.tunnel("openrouter.ai:443") as outer:
        sock = inner_tls(here, outer, sni)
        sock.sendall(get("/api/v1/models", host=host))
        assert b" 421 " in read_all(sock)[0]


def test_http2_is_spoken_in_tunnels_and_not_with_the_proxy_itself(here):
    with here.tls(("h2", "http/1.1")) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
    with here.tls() as sock:
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0")
        assert b" 200 " not in read_all(sock)[0]
    with here.tunnel(here.here) as outer:
        sock = inner_tls(here, outer, "127.0.0.1", ("h2",))
        asked = [(MESSAGES, BODY, {":authority": here.here})]
        assert b"message_stop" in post_h2(sock, asked)[0]


def test_tunnel_in_a_tunnel_is_none(here):
    with here.tunnel(here.here) as sock:
        sock.sendall(b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " not in read_all(sock)[0]


UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    + base64.b64encode(bytes(16)).decode()
    + "\r\n"
)


def test_websocket_is_a_request_like_any_other(here):
    with here.tunnel(here.here) as sock:
        sock.sendall(get("/api/connect", host=here.here, more=UPGRADE))
        assert b" 101 " in sock.recv(65536)
    assert b" 403 " in here.ask(get("http://169.254.169.254/", more=UPGRADE))[0]


def test_request_of_a_stranger_is_not_kept_however_long_it_is(here):
    line = b"POST http://ampcode.com/ HTTP/1.1\r\nHost: ampcode.com\r\n"
    for more in (b"Content-Length: 100000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"):
        for tls in (True, False):
            assert b" 200 " not in here.ask(line + more, tls=tls, auth=False)[0]


def test_name_that_leads_to_this_machine_is_not_connected_to():
    with gateway("--set", "amp_gateway_hosts=localhost:{inside}") as here:
        head, body = here.ask(get(f"http://localhost:{here.inside.port}/api/user"))
        assert b" 502 " in head and b"localhost leads to a loopback address" in body
        assert here.inside.requests == []


DNS = """
import socket

look_up, asked = socket.getaddrinfo, []


def answer(host, port, *more, **named):
    if host != "moving.example":
        return look_up(host, port, *more, **named)
    asked.append(host)
    return look_up("192.88.99.1" if len(asked) == 1 else "127.0.0.1", port, *more, **named)


socket.getaddrinfo = answer
"""


def test_name_that_leads_elsewhere_when_it_is_asked_for_again_gets_no_byte(tmp_path):
    """What is replaced is the machine's DNS: its first answer is a public address, its second is this machine."""
    (tmp_path / "dns.py").write_text(DNS)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with gateway("-s", str(tmp_path / "dns.py"), "--set", f"amp_gateway_hosts=moving.example:{port}") as here:
            head, _ = here.ask(get(f"http://moving.example:{port}/"))
            assert b" 502 " in head
            server.settimeout(DEADLINE)
            connection, _ = server.accept()
            with connection:
                assert connection.recv(100) == b""
            until(lambda: "closed before anything was sent: it led to a loopback address" in here.proxy.output, what="the sentence")


def test_name_may_lead_to_a_network_that_is_named_with_it():
    with (
        gateway("--set", "amp_gateway_hosts=localhost:{inside}=127.0.0.0/8+::1") as here,
        here.tunnel(f"localhost:{here.inside.port}") as outer,
    ):
        sock = inner_tls(here, outer, "localhost")
        sock.sendall(get("/api/user", host=f"localhost:{here.inside.port}"))
        assert b" 200 " in read_all(sock)[0] and len(here.inside.requests) == 1


@pytest.mark.parametrize(("name", "served"), [("localhost", True), ("LOCALHOST", True), ("example.com", False)])
def test_connection_that_is_passed_through_has_the_tunnels_own_name(name, served):
    """Nothing of it is seen but the name in TLS, by which whoever is there may pass it on."""
    with gateway("--set", "amp_inspect=catalog", "--set", "amp_gateway_hosts=localhost:{inside}=127.0.0.0/8+::1") as here:
        with here.tunnel(f"localhost:{here.inside.port}") as outer:
            context = ssl.create_default_context(cafile=here.inside.ca_path)
            context.check_hostname = False
            sock = Inner(outer, context, name)
            if served:
                sock.sendall(get("/api/user", host="x"))
                assert b" 200 " in read_all(sock)[0]
            else:
                until(lambda: "the name in TLS is not that of the tunnel" in here.proxy.output, what="the sentence")
        assert len(here.inside.requests) == served


def test_on_the_way_there_may_be_a_companys_proxy_at_a_private_address():
    with gateway("--mode", "upstream:http://127.0.0.1:{amp}") as here:
        with here.tunnel("ampcode.com:443") as outer:
            sock = inner_tls(here, outer, "ampcode.com")
            sock.sendall(post(MESSAGES, BODY))
            data, how = read_all(sock)
        assert how == "complete" and b"message_stop" in body_of(data)
        head, body = here.ask(get("http://ampcode.com/api/user"))
        assert b" 200 " in head and b"user_simulated" in body
        for target in (f"127.0.0.1:{here.amp.port}", f"127.0.0.1:{here.inside.port}", "example.com:443"):
            assert b" 403 " in here.connect(target)[0]


CLIENT_RULE = "version: 1\nrules:\n  - {id: a, match: {client: 10.0.0.0/8}, then: {block: true}}\n"


def test_changed_rules_that_go_by_address_do_not_come_into_force():
    with gateway() as here:
        assert b" 200 " in here.ask(get(f"http://{here.here}/api/user"))[0]
        (here.proxy.folder / "rules.yaml").write_text(CLIENT_RULE)
        until(lambda: "the old ones stay in force" in here.proxy.output, what="the sentence")
        assert "rules.yaml:3:29: rules[0].match.client: found a condition on the client's address" in here.proxy.output
        assert b" 200 " in here.ask(get(f"http://{here.here}/api/user"))[0]


@pytest.mark.parametrize(
    ("rules", "more", "sentence"),
    [
        (CLIENT_RULE, ["--set", "proxyauth=a:b"], "behind a balancer every client has its address"),
        ("version: 1\n", [], "found no option proxyauth, expected passwords"),
    ],
)
def test_proxy_that_is_no_gateway_does_not_start(tmp_path, rules, more, sentence):
    (tmp_path / "rules.yaml").write_text(rules)
    chosen = ["-s", "amp_addons", "--set", f"amp_rules={tmp_path / 'rules.yaml'}", "--set", "amp_gateway=on", *more]
    proxy = Proxy(tmp_path, *chosen)
    proxy.process.wait(DEADLINE)
    assert proxy.process.returncode == 1 and sentence in proxy.output, proxy.output


def is_ready(port):
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=DEADLINE):
        return True
    return False


CLIENT = """
const body = '{"model":"claude-x","stream":true,"messages":[]}';
const sent = {method: "POST", headers: {"content-type": "application/json"}, body};
const answer = await fetch(process.env.URL_ + "/api/provider/anthropic/v1/messages", sent);
console.log(answer.status, (await answer.text()).includes("message_stop"));
"""


def test_real_clients_stream_through_a_balancer_and_the_gateway(tmp_path):
    """HAProxy passes on their TLS as it is; the user and password are in HTTPS_PROXY."""
    (tmp_path / "client.mjs").write_text(CLIENT)
    port, health = free_port(), free_port()
    with gateway("--set", f"amp_health={health}") as here:
        until(lambda: is_ready(health), what="the gateway's health")
        text = written("haproxy", "--listen", f"127.0.0.1:{port}", "--proxy", f"127.0.0.1:{here.proxy.port}/{health}")
        with serving(haproxy(tmp_path, text), port, tmp_path):
            environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
            environment |= {"HTTPS_PROXY": f"https://team:{PASSWORD}@localhost:{port}", "NODE_USE_ENV_PROXY": "1", "URL_": here.amp.url}
            environment |= {"NODE_EXTRA_CA_CERTS": str(here.proxy.ca)}
            for runtime in ("node", "bun"):
                command = [runtime_command(runtime)[0], str(tmp_path / "client.mjs")]
                done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
                assert done.stdout == "200 true\n", done.stderr.replace(PASSWORD, "***")
        until(lambda: len(here.proxy.events("stream.end")) == 2, what="the end of both")
        assert {event["ended"] for event in here.proxy.events("stream.end")} == {"complete"}
