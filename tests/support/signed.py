"""Signed files and a server of them on a real socket, which behaves as servers do that are well, wrong, slow or hostile."""

import contextlib
import hashlib
import socket
import threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amp_addons.core.signature import public, sign
from amp_addons.sim.certificates import Authority
from support.httpserver import Handler, Server, serving_in_a_thread

KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
TRUST, OTHER_TRUST = str(public(KEY)), str(public(OTHER))


def rules(serial, body="", key=KEY, kind="rules"):
    """A signed rule file; `body` is what follows version and serial."""
    return sign(kind, f"version: 1\nserial: {serial}\n{body}".encode(), key)


def blocks(name, path="/api/telemetry"):
    return f'rules: [{{id: {name}, match: {{path: "{path}"}}, then: {{block: "by {name}"}}}}]\n'


def catalog(serial, rows, key=KEY):
    return sign("catalog", f"serial: {serial}\ncatalog: central\nendpoints:\n{rows}".encode(), key)


class FileServer:
    """`files` by path; `manner` by path, or for all. `asked` is (path, If-None-Match) of each request."""

    def __init__(self, scheme):
        self.scheme, self.port = scheme, 0
        self.files, self.manners, self.asked = {}, {}, []
        self.manner = "well"
        self.released = threading.Event()

    def url(self, path="/rules.yaml"):
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def put(self, data, path="/rules.yaml"):
        self.files[path] = data
        return self.url(path)


class _Handler(Handler):
    def do_GET(self):
        server = self.server.files
        server.asked.append((self.path, self.headers.get("if-none-match")))
        data = server.files.get(self.path, b"")
        manner = server.manners.get(self.path, server.manner)
        getattr(self, f"_{manner}")(server, data)

    def _well(self, server, data):
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("if-none-match") == etag:
            return self.reply(304, b"", etag=etag)
        return self.reply(200, data, etag=etag)

    def _untagged(self, server, data):
        self.reply(200, data)

    def _missing(self, server, data):
        self.reply(404, b"<h1>no</h1>")

    def _broken(self, server, data):
        self.reply(500, b"<h1>no</h1>")

    def _portal(self, server, data):
        self.reply(200, b"<html>welcome to the portal</html>")

    def _unchanged(self, server, data):
        self.reply(304, b"")

    def _elsewhere(self, server, data):
        self.reply(302, b"", location=server.url("/other.yaml"))

    def _packed(self, server, data):
        self.reply(200, data, content_encoding="gzip")

    def _nothing(self, server, data):
        self.reply(200, b"")

    def _hangs(self, server, data):
        server.released.wait(60)
        self.close_connection = True

    def _drips(self, server, data):
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            for byte in data:
                self.wfile.write(bytes([byte]))
                if server.released.wait(0.05):
                    break
        self.close_connection = True

    def _cut(self, server, data):
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _huge(self, server, data):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not server.released.is_set():
                self.wfile.write(b"# " + b"x" * 65536 + b"\n")
        self.close_connection = True

    def _nonsense(self, server, data):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        self.close_connection = True


@contextlib.contextmanager
def serving(folder=None, name="127.0.0.1"):
    """A server of files: over TLS where there is a folder for the certificates, whose authority is then ca.pem in it; the server's own is
    for `name`."""
    files = FileServer("https" if folder else "http")
    with Server(("127.0.0.1", 0), _Handler) as server:
        if folder:
            context = Authority(folder)._make_context(name)
            context.set_alpn_protocols(["http/1.1"])
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.files = files
        files.port = server.server_address[1]
        with serving_in_a_thread(server, files.released):
            yield files


def nowhere():
    """A URL where nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}/rules.yaml"
