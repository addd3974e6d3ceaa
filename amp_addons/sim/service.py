"""The rows that are no model: the user, threads, GitHub, the internal calls, telemetry, and what the other hosts answer.

Shapes are the endpoint document's where it gives one; the others are what the observed versions of the client were content with.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from amp_addons.sim import connect
from amp_addons.sim.behaviour import Behaviour
from amp_addons.sim.message import Received, Reply, json_reply, whole_reply
from amp_addons.sim.sse import encode

WHEN = "2026-01-01T00:00:00.000Z"

USER = {"id": "user_simulated", "email": "user@example.com", "name": "Simulated User"}


def user(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply(USER)


def threads(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({"threads": [_summary(f"T-{number}") for number in range(3)]})


def thread(request: Received, behaviour: Behaviour) -> Reply:
    """One thread as JSON, or as Markdown when its name ends with `.md`."""
    name = unquote(request.path.rpartition("/")[2])
    if name.endswith(".md"):
        return whole_reply(f"# Thread {name[:-3]}\n\nHello, größer 🚀\n".encode(), b"text/markdown; charset=utf-8")
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    return json_reply({**_summary(name), "messages": messages})


def new_thread(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({**_summary("T-new"), "title": request.json.get("title", "Untitled")}, 201)


def github_status(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({"authenticated": True, "scopes": ["repo", "user"]})


def github_proxy(request: Received, behaviour: Behaviour) -> Reply:
    """What GitHub's API answers: one object for a repository, a list for what is below it."""
    path = request.path.partition("/github-proxy/")[2]
    commit = {"sha": "0" * 40, "commit": {"message": "Add größer"}}
    if path.startswith("search/"):
        return json_reply({"total_count": 1, "incomplete_results": False, "items": [commit]})
    if path.count("/") <= 2:
        return json_reply({"id": 1, "full_name": path.partition("/")[2], "private": False})
    return json_reply([commit])


def internal(request: Received, behaviour: Behaviour) -> Reply:
    """A remote call: the method is the bare key of the query."""
    method = request.target.partition("?")[2].partition("&")[0].partition("=")[0]
    return json_reply({"ok": True, "result": _RESULTS.get(method, {})})


_RESULTS: dict[str, Any] = {
    "getUserInfo": {**USER, "username": "simulated", "features": [], "team": None},
    "getUserFreeTierStatus": {"canUseAmpFree": True, "isDailyGrantEnabled": False},
    "userDisplayBalanceInfo": {"displayText": "Simulated: 10.00 USD remaining"},
    "threadDisplayCostInfo": {"totalCostUSD": "0.01", "hasCostInfo": True},
    "getThreadLinkInfo": {"creatorUserID": USER["id"]},
    "getThreadLabels": [],
    "listTasks": {"tasks": []},
    "listThreads": {"threads": [], "hasMore": False},
    "webSearch2": {"results": [{"title": "Example", "url": "https://example.com/", "excerpts": ["größer"]}]},
    "extractWebPageContent": {"fullContent": "# Example", "excerpts": []},
}


def telemetry(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({"published": 1}, 202)


def no_content(request: Received, behaviour: Behaviour) -> Reply:
    return Reply(status=204)


def connect_events(request: Received, behaviour: Behaviour) -> Reply:
    """What people do in the web interface, as a stream or, after an upgrade, as messages."""
    if is_upgrade(request):
        return messages(request, behaviour)
    return Reply(
        headers=[(b"content-type", connect.CONTENT_TYPE.encode()), (b"cache-control", b"no-cache")],
        pieces=connect.stream(behaviour.events, behaviour.seed),
        count=behaviour.events,
    )


def messages(request: Received, behaviour: Behaviour) -> Reply:
    """A WebSocket: some typed messages, then whatever the client says comes back; without an upgrade it is refused."""
    if not is_upgrade(request):
        return json_reply({"error": {"code": "upgrade-required", "message": "Expected a WebSocket upgrade"}}, 426)
    pieces = map(encode, connect.payloads(behaviour.events, behaviour.seed))
    return Reply(status=101, websocket=True, pieces=pieces, count=behaviour.events)


def is_upgrade(request: Received) -> bool:
    return (request.header("upgrade") or "").lower() == "websocket"


def token_count(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({"input_tokens": 25, "totalTokens": 25})


def models(request: Received, behaviour: Behaviour) -> Reply:
    return json_reply({"object": "list", "data": [{"id": "simulated", "object": "model", "created": 0, "owned_by": "simulated"}]})


def constant(value: object) -> Callable[[Received, Behaviour], Reply]:
    return lambda request, behaviour: json_reply(value)


def text(body: str, content_type: bytes = b"text/plain; charset=utf-8") -> Callable[[Received, Behaviour], Reply]:
    return lambda request, behaviour: whole_reply(body.encode(), content_type)


def _summary(name: str) -> dict[str, Any]:
    return {"id": name, "title": f"Thread {name}", "createdAt": WHEN, "updatedAt": WHEN}
