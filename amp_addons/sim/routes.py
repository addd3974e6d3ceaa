"""Which answer a request gets: by host, method and path, the first row that fits."""

import re
from collections.abc import Callable
from dataclasses import replace

from amp_addons.sim import models, service
from amp_addons.sim.behaviour import Behaviour
from amp_addons.sim.coding import accepted, encoded
from amp_addons.sim.faults import afflict
from amp_addons.sim.message import Received, Reply, json_reply
from amp_addons.sim.models import Api

type Handler = Callable[[Received, Behaviour], Reply]

ANY = "GET POST PUT PATCH DELETE HEAD OPTIONS"

# Method, path (a regular expression that the whole path has to fit), answer.
AMP: list[tuple[str, str, Handler]] = [
    ("GET", r"/api/user", service.user),
    ("POST", r"/api/internal", service.internal),
    ("GET", r"/api/threads", service.threads),
    ("POST", r"/api/threads", service.new_thread),
    ("GET", r"/api/threads/find", service.threads),
    ("POST", r"/api/threads/sync", service.constant({"ok": True, "actions": []})),
    ("GET", r"/api/threads/[^/]+", service.thread),
    ("GET", r"/api/internal/github-auth-status", service.github_status),
    (ANY, r"/api/internal/github-proxy/.+", service.github_proxy),
    ("GET", r"/api/connect", service.connect_events),
    ("POST", r"/api/thread-actors", service.constant({"actorId": "actor_simulated", "key": ["T-0"]})),
    ("GET", r"/actors/gateway/threadActor/websocket/?|/socket\.io/|/threads", service.messages),
    ("POST", r"/api/(telemetry|internal/telemetry|events|analytics)|/api/otel(/v1/\w+)?", service.telemetry),
    (ANY, r"/api/(skills|durable-thread-workers|orb-spawner|attachments/resumable)(/.*)?", service.constant({"items": []})),
    ("POST", r"/api/(thread-imports|user-actor-credentials)", service.constant({"ok": True})),
    (ANY, r"/api/(auth|meta|ads|tab)(/.*)?", service.constant({"ok": True})),
    ("GET", r"/(auth/cli-login|docs|settings|threads)(/.*)?|/", service.text("<!doctype html><title>Amp</title>", b"text/html")),
    ("GET", r"/api/provider/[^/]+(/v1)?/tcp_warming", service.no_content),
]

# What the client asks of other hosts; their names are not looked up.
HOSTS: dict[str, list[tuple[str, str, Handler]]] = {
    "static.ampcode.com": [("GET", r"/.*", service.text("0.0.1767830505\n"))],
    "production.ampworkers.com": [
        ("GET", r"/threads", service.messages),
        (ANY, r"/threads/[^/]+(/.*)?", service.constant({"ok": True})),
    ],
    "registry.npmjs.org": [("GET", r"/.+", service.constant({"name": "@sourcegraph/amp", "dist-tags": {"latest": "0.0.1767830505"}}))],
    "storage.googleapis.com": [("GET", r"/.+", service.text("not a program\n", b"application/octet-stream"))],
    "statuspage.incident.io": [("GET", r"/.+", service.constant({"ongoing_incidents": []}))],
    "gitlab.com": [("GET", r"/api/v4/.+", service.constant([]))],
    "auth.openai.com": [(ANY, r"/.+", service.constant({"ok": True}))],
}

MODELS: list[tuple[str, str, Handler]] = [
    ("POST", r".*(/messages/count_tokens|:countTokens)", service.token_count),
    ("GET", r".*/models", service.models),
]

_PROVIDER = re.compile(r"/api/provider/([^/]+)(/.*)?")


def answer(request: Received, behaviour: Behaviour) -> Reply:
    """The reply to a request, with its encoding, pace and fault."""
    api = _api(request)
    if behaviour.error.isdigit():
        reply = _error(api, int(behaviour.error))
    else:
        reply = _sound(api, request, behaviour)
    if behaviour == _PLAIN:
        return reply
    return _dressed(reply, request, behaviour)


_PLAIN = Behaviour()


def _sound(api: Api | None, request: Received, behaviour: Behaviour) -> Reply:
    for methods, path, handler in HOSTS.get(request.host, MODELS if api else AMP):
        if request.method in methods.split() and re.fullmatch(path, request.path):
            return handler(request, behaviour)
    if api and request.method == "POST":
        return models.answer(api, request, behaviour)
    return _error(api, 404)


def _api(request: Received) -> Api | None:
    if request.host == "openrouter.ai":
        return models.api_of("openrouter", request.path, request)
    if request.path.endswith("/tcp_warming"):
        return None
    match = _PROVIDER.fullmatch(request.path)
    return models.api_of(match[1], match[2] or "", request) if match else None


_MESSAGES = {
    401: "Invalid API key",
    402: "Insufficient credits",
    404: "Not found",
    413: "Request too large",
    429: "Rate limit exceeded",
    529: "Overloaded",
}


def _error(api: Api | None, status: int) -> Reply:
    message = _MESSAGES.get(status, "Simulated error")
    body = api.error(status, message) if api else {"error": {"code": status, "message": message}}
    reply = json_reply(body, status)
    return replace(reply, headers=[*reply.headers, (b"retry-after", b"1")]) if status in (429, 503, 529) else reply


def _dressed(reply: Reply, request: Received, behaviour: Behaviour) -> Reply:
    codings = accepted(request.header("accept-encoding") or "") if behaviour.encoding == "auto" else behaviour.codings
    if codings and reply.pieces and not reply.websocket:
        reply = _encoded(reply, codings)
    if behaviour.error in ("", "event") or behaviour.error.isdigit():
        return replace(reply, pace=behaviour.pace, delay=behaviour.delay)
    return replace(afflict(reply, behaviour.error, behaviour.at), pace=behaviour.pace, delay=behaviour.delay)


def _encoded(reply: Reply, codings: list[str]) -> Reply:
    pieces = encoded((piece for piece in reply.pieces if isinstance(piece, bytes)), codings)
    headers = [*reply.headers, (b"content-encoding", ", ".join(codings).encode())]
    if not any(name == b"content-length" for name, _ in headers):
        return replace(reply, headers=headers, pieces=pieces)
    body = b"".join(pieces)
    others = [header for header in headers if header[0] != b"content-length"]
    return replace(reply, headers=[*others, (b"content-length", b"%d" % len(body))], pieces=[body])
