"""Rules and connections that no request of is seen; HTTP/2 and WebSocket under rules; rules changed under load."""

import socket
import ssl
import threading

import pytest
from e2e.test_protocols import post_h2
from support.proxy import DEADLINE, head_of, post, read_all, tunnel, until
from support.world import KEY, rule_file, world

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"


def connect(proxy, target):
    """A tunnel through the proxy, without TLS."""
    sock = socket.create_connection(("127.0.0.1", proxy.port), DEADLINE)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head_of(sock)
    return sock


def certificate_seen(proxy, target, name):
    """Who signed the certificate that a client sees."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(proxy, target) as plain, context.wrap_socket(plain, server_hostname=name) as sock:
        return sock.getpeercert(binary_form=True)


PASS = """
- {id: guard, match: {host: guarded.example}, then: {block: true}}
- {id: through, match: {host: ["localhost", "*.example"]}, then: {passthrough: true}}
"""


def test_connection_is_passed_through_with_the_servers_own_certificate():
    with world(PASS, mode="regular") as here:
        with socket.create_connection(("127.0.0.1", here.other.port)) as plain:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain, server_hostname="localhost") as sock:
                own = sock.getpeercert(binary_form=True)
        assert certificate_seen(here.proxy, f"localhost:{here.other.port}", "localhost") == own
        # Another name in TLS than that of the tunnel: not both are to be passed through.
        assert certificate_seen(here.proxy, f"localhost:{here.other.port}", "ampcode.com") != own
        assert certificate_seen(here.proxy, f"localhost:{here.other.port}", "guarded.example") != own
        [event] = until(lambda: here.proxy.events("rule.action"), what="the event")
        assert (event["rule"], event["action"]) == ("through", "passthrough") and "localhost" in event["detail"]
        until(lambda: "localhost is not inspected" in here.proxy.output, what="the sentence")


@pytest.mark.parametrize(("target", "closed"), [("ampcode.com:443", True), ("elsewhere.example:443", False)])
def test_what_is_no_http_is_closed_where_a_rule_would_have_to_see_it(target, closed):
    rules = "- {id: inference, match: {provider: anthropic}, then: {block: true}}"
    with socket.create_server(("127.0.0.1", 0)) as echo, world(rules) as here:
        del echo
        with connect(here.proxy, target) as sock:
            sock.sendall(b"\x00\x01SSH-2.0-not-http\r\n")
            sock.settimeout(DEADLINE)
            try:
                got = sock.recv(100)
            except ConnectionResetError:
                got = b""
        if not closed:
            assert here.proxy.events("rule.action") == []
        else:
            until(lambda: here.proxy.events("rule.action"), what="the event")
            assert got == b"" and here.amp.requests == []
            until(lambda: "is not HTTP, and rule inference would have to see it; closed" in here.proxy.output, what="the sentence")


@pytest.mark.parametrize(("rules", "hidden"), [("[]", True), ("\n- {id: a, match: {host: localhost}, then: {block: true}}", False)])
def test_what_mitmproxy_is_to_hide_is_closed_where_a_rule_concerns_it(rules, hidden):
    with world(
        "- {id: x, match: {host: nobody.example}, then: {block: true}}\n" + rules.lstrip("[]\n"),
        "--ignore-hosts",
        "localhost",
        mode="regular",
    ) as here:
        try:
            seen = certificate_seen(here.proxy, f"localhost:{here.other.port}", "localhost")
        except (ssl.SSLError, ConnectionError, OSError):
            seen = None
        assert (seen is not None) is hidden
        if not hidden:
            until(lambda: "hides this host, and rule a would have to see it; closed" in here.proxy.output, what="the sentence")


def test_upgrade_to_something_unknown_is_not_made_where_a_rule_concerns_the_host():
    rules = "- {id: all, match: {header: {x-never: there}}, then: {block: true}}"
    with socket.create_server(("127.0.0.1", 0)) as server, world(rules, mode="regular") as here:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", here.proxy.port)) as sock:
            sock.sendall(
                f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\n".encode()
            )
            upstream, _ = server.accept()
            with upstream:
                upstream.recv(65536)
                upstream.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\n\r\nhello")
                answer, how = read_all(sock, until_end=False)
        assert b"hello" not in answer and how in ("closed", "reset")
        until(lambda: "this upgrade ends HTTP" in here.proxy.output, what="the sentence")


def test_streams_of_one_http2_connection_are_routed_each_by_itself():
    rules = """
    - {id: a, match: {header: {x-want: a}}, then: {route: other, model: local}}
    - {id: b, match: {header: {x-want: b}}, then: {block: no}}
    """
    body = b'{"model":"m-1","stream":true,"max_tokens":5,"messages":[]}'
    with world(rules) as here, tunnel(here.proxy, alpn=("h2",)) as sock:
        wants = ["a", "b", "c"]
        bodies = post_h2(sock, [(MESSAGES, body, {"x-want": want, "x-amp-thread-id": want, "x-api-key": "client"}) for want in wants])
        assert b'"model":"m-1"' in bodies[0] and b"local" not in bodies[0] and b"message_stop" in bodies[0]
        assert b'"message":"no"' in bodies[1] and b"message_stop" in bodies[2]
        [routed] = here.received(here.other, "a")
        assert routed.header("x-api-key") == KEY and b'"model":"local"' in routed.body and "127.0.0.1" in routed.host
        assert [request.header("x-amp-thread-id") for request in here.amp.requests] == ["c"]


def test_rules_changed_a_hundred_times_under_load_never_mix_and_lose_nothing():
    """Each version sets two headers to its number: a request with two numbers would have seen a mixture."""

    def rules(number):
        return f"""
        - {{id: one, match: {{}}, then: {{set_headers: {{x-one: "{number}"}}}}}}
        - {{id: two, match: {{}}, then: {{set_headers: {{x-two: "{number}"}}}}}}
        """

    with world(rules(0)) as here:
        stop, sent = threading.Event(), []

        def load():
            with tunnel(here.proxy) as sock:
                while not stop.is_set():
                    sock.sendall(post("/api/telemetry", b"[]"))
                    answer, how = read_all(sock)
                    sent.append((answer[:12], how))

        workers = [threading.Thread(target=load) for _ in range(2)]
        for worker in workers:
            worker.start()
        try:
            for number in range(1, 101):
                here.rules.write_text(rule_file(here.other, rules(number)))
                # Saved as quickly as the files are looked at: some versions are skipped, none is used in part.
                count = len(sent)
                until(lambda count=count: len(sent) > count, what="traffic")
            until(lambda: any(request.header("x-one") == "100" for request in here.amp.requests[-5:]), what="the last version")
        finally:
            stop.set()
            for worker in workers:
                worker.join(DEADLINE)
        assert {how for _, how in sent} == {"complete"} and len({status for status, _ in sent}) == 1
        pairs = {(request.header("x-one"), request.header("x-two")) for request in here.amp.requests}
        assert all(one == two is not None for one, two in pairs) and len(pairs) > 1
        assert len(sent) == len(here.amp.requests)
