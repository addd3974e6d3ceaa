"""Every row of the endpoint document, and what later versions of the client were seen to send, is answered."""

import re

import pytest

AMP = "ampcode.com"

# Method, host, path, body, status, what the answer must have in it.
ROWS = [
    pytest.param("POST", AMP, "/api/provider/anthropic", {}, 200, {"type": "message"}, id="anthropic"),
    pytest.param("POST", AMP, "/api/provider/anthropic/v1/messages", {}, 200, {"type": "message"}, id="anthropic messages"),
    pytest.param("POST", AMP, "/api/provider/anthropic/messages", {}, 200, {"type": "message"}, id="anthropic bare messages"),
    pytest.param("POST", AMP, "/api/provider/anthropic/v1/messages/count_tokens", {}, 200, {"input_tokens": 25}, id="count tokens"),
    pytest.param("POST", AMP, "/api/provider/anthropic/responses", {}, 200, {"object": "response"}, id="anthropic responses"),
    pytest.param("POST", AMP, "/api/provider/openai", {}, 200, {"object": "chat.completion"}, id="openai"),
    pytest.param("POST", AMP, "/api/provider/openai/v1", {}, 200, {"object": "chat.completion"}, id="openai v1"),
    pytest.param("POST", AMP, "/api/provider/openai/v1", {"input": ""}, 200, {"object": "response"}, id="openai v1 with input"),
    pytest.param("POST", AMP, "/api/provider/openai/v1/chat/completions", {}, 200, {"object": "chat.completion"}, id="openai chat"),
    pytest.param("POST", AMP, "/api/provider/openai/v1/responses", {}, 200, {"object": "response"}, id="openai responses"),
    pytest.param("GET", AMP, "/api/provider/openai/v1/models", None, 200, {"object": "list"}, id="openai models"),
    pytest.param("POST", AMP, "/api/provider/google", {}, 200, {"modelVersion": "gemini-2.5-flash"}, id="google"),
    pytest.param(
        *("POST", AMP, "/api/provider/google/v1beta1/publishers/google/models/g-1:generateContent", {}, 200, {"modelVersion": "g-1"}),
        id="google vertex",
    ),
    pytest.param("POST", AMP, "/api/provider/google/v1beta/models/g:generateContent", {}, 200, {"modelVersion": "g"}, id="google gemini"),
    pytest.param("POST", AMP, "/api/provider/google/v1beta/models/g:countTokens", {}, 200, {"totalTokens": 25}, id="google count tokens"),
    pytest.param(
        *("POST", AMP, "/api/provider/google/v1/publishers/anthropic/models/c@1:rawPredict", {}, 200, {"model": "c@1", "type": "message"}),
        id="anthropic on vertex",
    ),
    pytest.param("POST", AMP, "/api/provider/xai/v1", {}, 200, {"object": "chat.completion"}, id="xai"),
    pytest.param("POST", AMP, "/api/provider/xai/v1/chat/completions", {}, 200, {"object": "chat.completion"}, id="xai chat"),
    pytest.param("POST", AMP, "/api/provider/cerebras", {}, 200, {"object": "chat.completion"}, id="cerebras"),
    pytest.param("POST", AMP, "/api/provider/cerebras/v1/chat/completions", {}, 200, {"object": "chat.completion"}, id="cerebras chat"),
    pytest.param("GET", AMP, "/api/provider/cerebras/v1/tcp_warming", None, 204, {}, id="cerebras warming"),
    pytest.param("POST", AMP, "/api/provider/groq", {}, 200, {"object": "chat.completion"}, id="groq"),
    pytest.param("POST", AMP, "/api/provider/groq/chat/completions", {}, 200, {"object": "chat.completion"}, id="groq chat"),
    pytest.param("POST", AMP, "/api/provider/supernova/v1", {}, 200, {"object": "chat.completion"}, id="supernova"),
    pytest.param("POST", AMP, "/api/provider/kimi/v1/messages", {}, 200, {"type": "message"}, id="kimi messages"),
    pytest.param("POST", AMP, "/api/provider/fireworks/v1/chat/completions", {}, 200, {"object": "chat.completion"}, id="fireworks"),
    pytest.param("POST", "openrouter.ai", "/api/v1/chat/completions", {}, 200, {"provider": "Simulated"}, id="openrouter chat"),
    pytest.param("POST", "openrouter.ai", "/api/v1", {}, 200, {"provider": "Simulated"}, id="openrouter"),
    pytest.param("POST", "openrouter.ai", "/api/v1/responses", {}, 200, {"object": "response"}, id="openrouter responses"),
    pytest.param("GET", "openrouter.ai", "/api/v1/models", None, 200, {"object": "list"}, id="openrouter models"),
    pytest.param("GET", AMP, "/api/user", None, 200, {"email": "user@example.com"}, id="user"),
    pytest.param("GET", AMP, "/api/threads?createdByUserID=u", None, 200, {"threads": ...}, id="threads"),
    pytest.param("GET", AMP, "/api/threads/T-1%2F2", None, 200, {"id": "T-1/2", "messages": ...}, id="thread"),
    pytest.param("POST", AMP, "/api/threads", {"title": "größer"}, 201, {"title": "größer"}, id="new thread"),
    pytest.param("GET", AMP, "/api/threads/find?q=x&limit=1", None, 200, {"threads": ...}, id="find threads"),
    pytest.param("POST", AMP, "/api/threads/sync", {}, 200, {"ok": True}, id="sync threads"),
    pytest.param("GET", AMP, "/api/internal/github-auth-status", None, 200, {"scopes": ["repo", "user"]}, id="github status"),
    pytest.param("GET", AMP, "/api/internal/github-proxy/repos/o/r", None, 200, {"full_name": "o/r"}, id="github repository"),
    pytest.param("GET", AMP, "/api/internal/github-proxy/search/commits?q=x", None, 200, {"items": ...}, id="github search"),
    pytest.param("POST", AMP, "/api/internal?getUserInfo", {"method": "getUserInfo"}, 200, {"ok": True, "result": ...}, id="internal"),
    pytest.param("POST", AMP, "/api/internal?somethingNew", {}, 200, {"ok": True, "result": {}}, id="internal unknown"),
    pytest.param("POST", AMP, "/api/telemetry", [], 202, {"published": 1}, id="telemetry"),
    pytest.param("POST", AMP, "/api/otel/v1/metrics", {}, 202, {}, id="otel"),
    pytest.param("POST", AMP, "/api/internal/telemetry", {}, 202, {}, id="internal telemetry"),
    pytest.param("POST", AMP, "/api/events", {}, 202, {}, id="events"),
    pytest.param("POST", AMP, "/api/analytics", {}, 202, {}, id="analytics"),
    pytest.param("POST", AMP, "/api/thread-actors", {}, 200, {"actorId": ...}, id="thread actors"),
    pytest.param("GET", AMP, "/api/skills/x", None, 200, {"items": []}, id="skills"),
    pytest.param("DELETE", AMP, "/api/durable-thread-workers/1", None, 200, {}, id="workers"),
    pytest.param("POST", AMP, "/api/attachments/resumable", {}, 200, {}, id="attachments"),
    pytest.param("POST", AMP, "/api/thread-imports", {}, 200, {}, id="imports"),
    pytest.param("POST", AMP, "/api/user-actor-credentials", {}, 200, {}, id="credentials"),
    pytest.param("POST", AMP, "/api/orb-spawner/spawn", {}, 200, {}, id="orb"),
    pytest.param("GET", AMP, "/api/ads", None, 200, {}, id="ads"),
    pytest.param("GET", AMP, "/api/connect", None, 200, None, id="connect"),
    pytest.param("GET", AMP, "/auth/cli-login?x=1", None, 200, None, id="login page"),
    pytest.param("GET", AMP, "/threads/T-1", None, 200, None, id="thread page"),
    pytest.param("GET", AMP, "/api/connectx", None, 404, {"error": ...}, id="no row"),
    pytest.param("PUT", AMP, "/api/user", {}, 404, {"error": ...}, id="no method"),
    pytest.param("GET", AMP, "/actors/gateway/threadActor/websocket/?rvt-x", None, 426, {"error": ...}, id="no upgrade"),
    pytest.param("GET", "static.ampcode.com", "/cli/version", None, 200, None, id="version"),
    pytest.param("POST", "production.ampworkers.com", "/threads/T-1/x", {}, 200, {"ok": True}, id="workers' host"),
    pytest.param("GET", "registry.npmjs.org", "/@sourcegraph/amp", None, 200, {"dist-tags": ...}, id="npm"),
    pytest.param("GET", "storage.googleapis.com", "/ripgrep.tgz", None, 200, None, id="ripgrep"),
    pytest.param("GET", "statuspage.incident.io", "/x", None, 200, {"ongoing_incidents": []}, id="status page"),
    pytest.param("GET", "gitlab.com", "/api/v4/projects", None, 200, None, id="gitlab"),
]


@pytest.mark.parametrize(("method", "host", "path", "body", "status", "has"), ROWS)
def test_row(client, method, host, path, body, status, has):
    answer = client.request(method, path, body if body is not None else b"", host=host)
    assert answer.status == status
    for key, value in (has or {}).items() if status != 204 else ():
        assert key in answer.json
        assert value is ... or answer.json[key] == value


def test_methods_of_the_github_proxy(client):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert client.request(method, "/api/internal/github-proxy/repos/o/r/contents/a%20b/...").status == 200


def test_markdown_of_a_thread(client):
    answer = client.get("/api/threads/T-1.md")
    assert answer.header("content-type") == "text/markdown; charset=utf-8"
    assert "größer" in answer.body.decode()


def test_absolute_form_is_the_same_row(client):
    assert client.get("http://ampcode.com/api/user", tls=False).json["name"] == "Simulated User"


def test_whole_answer_is_encoded_with_its_length(client):
    answer = client.get("/api/user", x_sim_encoding="gzip")
    assert answer.header("content-encoding") == "gzip"
    assert int(answer.header("content-length")) == len(answer.body)
    assert answer.body[:2] == b"\x1f\x8b"


def test_encoding_that_the_client_takes(client):
    assert client.get("/api/user", x_sim_encoding="auto", accept_encoding="br, gzip").header("content-encoding") == "br"
    assert client.get("/api/user", x_sim_encoding="auto").header("content-encoding") is None


def test_errors_beside_the_models_have_one_format(client):
    answer = client.get("/api/user", x_sim_error="429")
    assert (answer.status, answer.json) == (429, {"error": {"code": 429, "message": "Rate limit exceeded"}})
    assert answer.header("retry-after") == "1"


def test_error_body_is_encoded_too(client):
    answer = client.get("/api/user", x_sim_error="401", x_sim_encoding="gzip")
    assert answer.status == 401
    assert answer.body[:2] == b"\x1f\x8b"


def test_every_type_of_the_connect_stream(client):
    answer = client.get("/api/connect", x_sim_events="3")
    assert answer.header("content-type") == "text/event-stream"
    names = re.findall(r"^event: (.*)$", answer.body.decode(), re.MULTILINE)
    assert names == ["user-message", "approve-tool", "reject-tool", "disconnect"]
