"""One file from one URL, from servers that are well, wrong, slow and hostile."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from support.signed import nowhere, rules, serving

from amp_addons.rulefiles.remote.asking import CannotFetch
from amp_addons.rulefiles.remote.fetch import Through, Way, fetch
from amp_addons.rulefiles.yamlfile import MAX_BYTES

FILE = rules(1)


def trusting(path=None):
    return Way(lambda: ssl.create_default_context(cafile=path))


def test_file_is_fetched_and_not_again_while_it_is_the_same(tmp_path):
    with serving(tmp_path) as server:
        url, way = server.put(FILE), trusting(tmp_path / "ca.pem")
        first = fetch(url, None, way)
        assert first.data == FILE and first.etag
        assert fetch(url, first.etag, way).data is None
        server.put(rules(2))
        assert fetch(url, first.etag, way).data == rules(2)
        assert server.asked == [("/rules.yaml", None), ("/rules.yaml", first.etag), ("/rules.yaml", first.etag)]


def test_server_that_is_not_trusted_is_not_asked(tmp_path):
    with serving(tmp_path) as server, pytest.raises(CannotFetch, match="no trusted connection"):
        fetch(server.put(FILE), None, trusting())
    assert server.asked == []


def test_certificate_for_another_name_is_none(tmp_path):
    with serving(tmp_path, name="rules.example") as server, pytest.raises(CannotFetch, match="no trusted connection"):
        fetch(server.put(FILE), None, trusting(tmp_path / "ca.pem"))
    assert server.asked == []


SAID = {
    "missing": "answers 404",
    "broken": "answers 500",
    "unchanged": "answers 304",
    "elsewhere": "answers 302 and redirects are not followed",
    "packed": "sends it as gzip",
    "hangs": "longer than 0.5 s",
    "drips": "longer than 0.5 s",
    "cut": "broke off",
    "huge": f"more than {MAX_BYTES:,} bytes",
    "nonsense": "speaks no HTTP",
}


@pytest.mark.parametrize("manner", SAID)
def test_server_that_gives_no_file(manner):
    with serving() as server:
        server.manner = manner
        url, began = server.put(FILE * 20), time.monotonic()
        with pytest.raises(CannotFetch, match=SAID[manner]):
            fetch(url, None, trusting(), seconds=5 if manner == "huge" else 0.5)
        assert time.monotonic() - began < 5
        assert len(server.asked) == 1


def test_nobody_there():
    with pytest.raises(CannotFetch, match="no connection"):
        fetch(nowhere(), None, trusting())


@contextmanager
def answering(data, then=b""):
    """A server, or a proxy, that says this to whoever comes. -> port, what came"""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            sock, _ = listener.accept()
            with sock:
                sock.settimeout(5)
                came.append(sock.recv(65536))
                sock.sendall(data)
                if then:
                    came.append(sock.recv(65536))
                    sock.sendall(then)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        thread.join(5)


@pytest.mark.parametrize(
    ("etag", "kept"),
    [(b'"a"', '"a"'), (b"", None), (b'"' + b"x" * 300 + b'"', None), (b'"\xe4"', None)],
    ids=["tag", "none", "long", "odd"],
)
def test_entity_tags_that_are_remembered(etag, kept):
    with answering(b"HTTP/1.1 200 OK\r\netag: " + etag + b"\r\ncontent-length: 2\r\n\r\nok") as (port, _):
        assert fetch(f"http://127.0.0.1:{port}/a", None, trusting()) == (b"ok", kept)


@pytest.mark.parametrize("head", [b"HTTP/1.1 100 Go\r\n\r\n" * 50, b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20000])
def test_endless_head_is_not_read(head):
    with answering(head) as (port, _), pytest.raises(CannotFetch):
        fetch(f"http://127.0.0.1:{port}/a", None, trusting(), seconds=2)


def test_proxy_on_the_way_is_asked_with_its_password_and_what_it_refuses_is_said():
    with answering(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n") as (port, came):
        way = Way(ssl.create_default_context, lambda _: Through("127.0.0.1", port, "me:pw"))
        with pytest.raises(CannotFetch, match="proxy on the way answers 407") as error:
            fetch("https://rules.example/a", None, way)
    assert came[0].startswith(b"CONNECT rules.example:443 HTTP/1.1\r\n") and b"basic bwu6chc=" in came[0].lower()
    assert "pw" not in str(error.value)


def test_what_follows_the_tunnel_is_tls():
    with answering(b"HTTP/1.1 200 OK\r\n\r\n", b"plain text") as (port, came):
        way = Way(ssl.create_default_context, lambda _: Through("127.0.0.1", port))
        with pytest.raises(CannotFetch, match="no trusted connection"):
            fetch("https://rules.example/a", None, way)
    assert came[1][:2] == b"\x16\x03"
