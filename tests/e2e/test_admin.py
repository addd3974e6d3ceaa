"""What `amp-addons admin` writes, given to the programs it is for: Squid, nginx, HAProxy and nft check it, JavaScript runs the PAC file.

nginx and HAProxy are also started with it, before the simulated service: event streams and WebSockets have to come through.
"""

import contextlib
import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import threading

import pytest
from e2e.runtimes import command as runtime_command
from support.missing import missing
from support.proxy import free_port, listens, until

from amp_addons.cli import main
from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

PACKAGES = {"squid": "squid", "nginx": "nginx-light", "haproxy": "haproxy", "nft": "nftables"}
MINE = """\
catalog: mine
version: "1\\nfail here\\\\"
endpoints:
  - {id: gw, category: other, method: GET, path: /x, host: "gw.corp.example:8443", needed_for: "a \\"b' ; } */ \\\\\\nfail here\\\\"}
  - {id: v4, category: other, method: GET, path: /x, host: "10.1.2.3:8443"}
  - {id: v6, category: other, method: GET, path: /x, host: "[2001:db8::1]"}
  - {id: plain, category: other, method: GET, path: /x, host: "gw.corp.example:80"}
"""
AMP_URLS = ["https://ampcode.com", "http://10.9.8.7:8080/base", "https://[2001:db8::2]:8443", "https://gw.corp.example"]
STREAM = b'{"model":"claude-x","stream":true,"messages":[]}'
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def program(name):
    """Where it is."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        missing(f"{name} is not installed; on Debian: apt-get install --no-install-recommends {PACKAGES[name]}")
    return found


def written(*arguments):
    """What it writes; in this process, which saves a second each time."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        with pytest.raises(SystemExit) as end:
            main(["admin", *arguments])
    assert end.value.code == 0, err.getvalue()
    return out.getvalue()


def allowlist(name, *arguments):
    return written("allowlist", "--format", name, *arguments)


def check(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def squid(folder, text):
    (folder / "amp.conf").write_text(text)
    (folder / "squid.conf").write_text(
        f"pid_filename none\ncoredump_dir {folder}\naccess_log none\ncache_log {folder}/cache.log\n"
        f"include {folder}/amp.conf\nhttp_access deny all\nhttp_port 127.0.0.1:3128\n"
    )
    said = check(program("squid"), "-k", "parse", "-f", str(folder / "squid.conf"))
    assert "WARNING" not in said and "ERROR" not in said and "FATAL" not in said, said
    return said


def nginx(folder, text):
    (folder / "amp.conf").write_text(text)
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/amp.conf; }}\n"
    )
    return [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def haproxy(folder, text):
    (folder / "haproxy.cfg").write_text(text)
    return [program("haproxy"), "-f", str(folder / "haproxy.cfg")]


def check_squid(folder, text):
    squid(folder, text)


def check_nginx(folder, text):
    assert "[warn]" not in check(*nginx(folder, text), "-t")


def check_haproxy(folder, text):
    assert "[WARNING]" not in check(*haproxy(folder, text), "-c")


def check_nft(folder, text):
    (folder / "amp.nft").write_text(text)
    command = [program("nft"), "-c", "-f", str(folder / "amp.nft")]
    if os.geteuid() != 0 or "Operation not permitted" in subprocess.run(command, capture_output=True, text=True, timeout=60).stderr:
        # A network namespace of one's own is enough for the kernel, and never touches the machine's tables.
        command = ["unshare", "--user", "--map-root-user", "--net", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "Operation not permitted" in done.stderr or "unshare:" in done.stderr:
        missing("the kernel gives nft no netlink here: run as root, or allow user namespaces")
    assert done.returncode == 0, done.stderr


CHECKS = {"squid": check_squid, "nginx": check_nginx, "haproxy": check_haproxy, "nftables": check_nft}


@pytest.mark.parametrize("amp_url", AMP_URLS)
@pytest.mark.parametrize("name", CHECKS)
def test_the_program_itself_takes_it(tmp_path, name, amp_url):
    """With a catalog whose texts would be a configuration of their own if they got out of their comments."""
    (tmp_path / "mine.yaml").write_text(MINE)
    CHECKS[name](tmp_path, allowlist(name, "--amp-url", amp_url, "--catalog", str(tmp_path / "mine.yaml")))


@pytest.mark.parametrize("name", CHECKS)
def test_the_program_takes_what_is_required_alone(tmp_path, name):
    CHECKS[name](tmp_path, allowlist(name, "--required-only"))


@pytest.mark.parametrize("name", CHECKS)
def test_the_check_can_fail(tmp_path, name):
    with pytest.raises(AssertionError):
        CHECKS[name](tmp_path, allowlist(name) + "fail here;\n")


def test_squid_reads_every_line_of_it(tmp_path):
    said = squid(tmp_path, allowlist("squid"))
    for line in (
        "acl amp_required_443 dstdomain ampcode.com",
        "http_access allow amp_required_443 amp_port_443",
        "read_timeout 3600 seconds",
    ):
        assert f"Processing: {line}\n" in said


@contextlib.contextmanager
def serving(command, port, folder):
    """The program at work, until the block ends."""
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: listens(port) or process.poll() is not None, what="the program's start")
        assert process.poll() is None, (folder / "output").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def ask(port, method, path, body=None, timeout=20, **headers):
    """The answer, and its connection to be closed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request(method, path, body, headers)
    return contextlib.closing(connection), connection.getresponse()


def status(port, method, path, **headers):
    connection, answer = ask(port, method, path, **headers)
    with connection:
        return answer.status


@pytest.mark.parametrize("start", [nginx, haproxy])
def test_streams_and_websockets_come_through_and_other_hosts_do_not(tmp_path, start):
    """The first event is there before the service has sent half of them."""
    port = free_port()
    with simulator(pace=0.03) as sim:
        text = allowlist(start.__name__, "--amp-url", f"{sim.proxy_url}/base", "--listen", f"127.0.0.1:{port}")
        with serving(start(tmp_path, text), port, tmp_path):
            connection, answer = ask(port, "POST", "/api/provider/anthropic/v1/messages", STREAM, **{"x-api-key": "k"})
            with connection:
                assert answer.read1().startswith(b"event: message_start")
                at_first = sim.requests[-1].sent
                assert b"message_stop" in answer.read()
            assert at_first < sim.requests[-1].sent / 2
            assert sim.requests[-1].header("x-api-key") == "k"
            assert sim.requests[-1].header("host") == f"127.0.0.1:{sim.port}"
            assert status(port, "GET", "/actors/gateway/threadActor/websocket/?x=1", **UPGRADE) == 101
            before = len(sim.requests)
            assert status(port, "GET", "/api/user", Host="evil.example") == 403
            assert len(sim.requests) == before


@contextlib.contextmanager
def hesitant():
    """A service whose stream has neither length nor chunks, and goes on when told to: its port, and the event to set."""
    go_on = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with server.accept()[0] as client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n")
                go_on.wait(20)
                client.sendall(b"data: 2\n\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], go_on
        finally:
            go_on.set()
            thread.join()


@pytest.mark.parametrize("start", [nginx, haproxy])
def test_an_event_is_passed_on_while_the_next_is_not_there(tmp_path, start):
    """What nginx collects by itself is answers like this one; those in chunks it passes on."""
    port = free_port()
    with hesitant() as (upstream, go_on):
        text = allowlist(start.__name__, "--amp-url", f"http://127.0.0.1:{upstream}", "--listen", f"127.0.0.1:{port}")
        with serving(start(tmp_path, text), port, tmp_path):
            connection, answer = ask(port, "GET", "/api/connect", timeout=3)
            with connection:
                assert answer.read1() == b"data: 1\n\n"
                go_on.set()
                assert answer.read() == b"data: 2\n\n"


@contextlib.contextmanager
def name_server():
    """A DNS server on loopback for which every name is 127.0.0.1; its port."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)

        def answer():
            while (received := server.recvfrom(512))[0] != b"end":
                query, client = received
                question = query[12 : query.index(b"\0", 12) + 5]
                is_a = question[-3] == 1
                address = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if is_a else b""
                server.sendto(query[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if is_a else b"\0\0") + b"\0\0\0\0" + question + address, client)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.sendto(b"end", server.getsockname())
            thread.join()


@pytest.mark.parametrize("start", [nginx, haproxy])
def test_the_way_on_is_tls_with_the_name_checked(tmp_path, start):
    """Certificates of an authority that the file does not have are refused."""
    port, refused = free_port(), {nginx: 502, haproxy: 503}[start]
    with simulator() as sim, simulator() as other, name_server() as dns:
        for ca_file, expected in ((str(sim.ca_path), 200), (str(other.ca_path), refused)):
            amp_url = f"https://amp.corp.example:{sim.port}"
            text = allowlist(start.__name__, "--amp-url", amp_url, "--listen", f"127.0.0.1:{port}", "--ca-file", ca_file)
            # The machine's DNS is not asked: nginx gets one of ours, HAProxy the address.
            text = text.replace("resolver 127.0.0.53", f"resolver 127.0.0.1:{dns} ipv6=off").replace(
                "init-addr none", "init-addr 127.0.0.1"
            )
            text = text.replace("    mode http\n", "    mode http\n    retries 0\n")
            with serving(start(tmp_path, text), port, tmp_path):
                assert status(port, "GET", "/api/user") == expected
        assert [request.header("host") for request in sim.requests] == [f"amp.corp.example:{sim.port}"]


P, D = "PROXY proxy.corp.example:3128", "DIRECT"
ASKED = [
    ("https://ampcode.com/", "ampcode.com", P),
    ("https://ampcode.com:443/api/user", "ampcode.com", P),
    ("https://AMPCODE.com/", "AMPCODE.com", P),
    ("https://ampcode.com./", "ampcode.com.", P),
    ("wss://ampcode.com/api/connect", "ampcode.com", P),
    ("https://me:8080@ampcode.com/", "ampcode.com", P),
    ("https://production.ampworkers.com/threads", "production.ampworkers.com", P),
    ("http://ampcode.com/", "ampcode.com", D),
    ("https://ampcode.com:8443/", "ampcode.com", D),
    ("https://static.ampcode.com/cli-version.txt", "static.ampcode.com", D),
    ("https://ampcode.com.evil.example/", "ampcode.com.evil.example", D),
    ("https://evil.example/?https://ampcode.com:443", "evil.example", D),
    ("https://evil.example:8080/@ampcode.com:443", "evil.example", D),
    ("https://openrouter.ai/api/v1/chat/completions", "openrouter.ai", D),
    ("https://constructor/", "constructor", D),
    ("nonsense", "", D),
]
OTHERS = {
    "https://[2001:db8::2]:8443": [
        ("https://[2001:db8::2]:8443/", "2001:db8::2", P),
        ("https://[2001:db8::2]:8443/", "[2001:db8::2]", P),
        ("https://[2001:db8::2]/", "2001:db8::2", D),
        ("https://ampcode.com/", "ampcode.com", D),
    ],
    "http://amp.corp.example:8080/base": [
        ("http://amp.corp.example:8080/base/api/user", "amp.corp.example", P),
        ("http://amp.corp.example/", "amp.corp.example", D),
    ],
}
RUN_PAC = """
const fs = require("fs"), vm = require("vm");
const { pac, asked } = JSON.parse(fs.readFileSync(0, "utf8"));
const none = () => { throw new Error("a helper was called"); };
const box = { isPlainHostName: none, dnsDomainIs: none, dnsResolve: none, isInNet: none, myIpAddress: none, shExpMatch: none };
vm.createContext(box);
vm.runInContext(pac, box);
console.log(JSON.stringify(asked.map(([url, host]) => box.FindProxyForURL(url, host))));
"""


def run_pac(pac, asked):
    node = runtime_command("node")[0]
    given = json.dumps({"pac": pac, "asked": [each[:2] for each in asked]})
    done = subprocess.run([node, "-e", RUN_PAC], input=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("amp_url", "asked"), [("https://ampcode.com", ASKED), *OTHERS.items()], ids=["default", "IPv6", "http"])
def test_the_pac_file_sends_each_url_where_it_should_go(tmp_path, amp_url, asked):
    (tmp_path / "mine.yaml").write_text(MINE)
    pac = written("pac", "--proxy", "proxy.corp.example:3128", "--amp-url", amp_url, "--catalog", str(tmp_path / "mine.yaml"))
    assert run_pac(pac, asked) == [way for _, _, way in asked]


def test_the_pac_file_sends_all_listed_hosts_through_where_asked_to():
    asked = [
        ("https://openrouter.ai/", "openrouter.ai", P),
        ("https://gitlab.com/", "gitlab.com", P),
        ("https://example.com/", "example.com", D),
    ]
    pac = written("pac", "--proxy", "proxy.corp.example:3128", "--through", "all")
    assert run_pac(pac, asked) == [way for _, _, way in asked]
