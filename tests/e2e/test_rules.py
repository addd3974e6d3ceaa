"""Rules on live traffic: what each server receives, and what the client gets."""

import gzip
import itertools
import json
import socket
import time
from pathlib import Path

import pytest
from support.proxy import Proxy, body_of, free_port, from_nothing, post, read_all, tunnel, until
from support.world import KEY, rule_file, world

pytestmark = pytest.mark.e2e

MESSAGES = "/api/provider/anthropic/v1/messages"
CHAT = "/api/provider/xai/v1/chat/completions"
RESPONSES = "/api/provider/openai/v1/responses"
GOOGLE = "/api/provider/google/v1beta1/publishers/google/models/gemini-x:streamGenerateContent?alt=sse"
GOOGLE_WHOLE = "/api/provider/google/v1beta1/publishers/google/models/gemini-x:generateContent"

RULES = """
- id: respond-json
  match: {header: {x-want: json}}
  then: {respond: {status: 201, headers: {x-from: rule}, json: {canned: true}}}
- id: respond-paced
  match: {header: {x-want: paced}}
  then: {respond: {sse: [{event: a, data: {n: 1}}, {event: b, data: two}], pace_ms: 300}}
- id: block
  match: {header: {x-want: block}}
  then: {block: "Not today: größer."}
- id: keep
  match: {header: {x-want: keep}}
  then: {route: bare, credentials: keep, credentials_host: 127.0.0.1}
- id: down
  match: {header: {x-want: down}}
  then: {route: down}
- id: slow
  match: {header: {x-want: slow}}
  then: {route: slow}
- id: model
  match: {header: {x-want: model}}
  then: {route: other, model: {"*": local-model}}
- id: edit
  match: {header: {x-want: edit}}
  then: {set_headers: {x-new: "1"}, remove_headers: [x-gone], set_body: {/temperature: 0, /metadata/a: [1]}, remove_body: [/top_p]}
- id: bare
  match: {header: {x-want: bare}}
  then: {route: bare}
- id: observed
  mode: observe
  match: {header: {x-want: observe}}
  then: {block: true}
- id: route
  match: {header: {x-want: route}}
  then: {route: other}
"""


@pytest.fixture(scope="module")
def here():
    dead = free_port()
    more = f"""
        down: {{url: "http://127.0.0.1:{dead}"}}
        slow: {{url: "http://127.0.0.1:{dead}", timeouts: {{connect: 0.5}}}}
    """
    with world(RULES, more=more) as found:
        yield found


_threads = (f"T-{number}" for number in itertools.count())


def ask(here, path, want, body=b'{"model":"m-1","stream":false,"messages":[]}', sock=None, **headers):
    """One request that rules know by `x-want`. -> thread, answer's bytes"""
    thread = next(_threads)
    request = post(path, body, x_want=want, x_amp_thread_id=thread, **headers)
    if sock is not None:
        sock.sendall(request)
        return thread, read_all(sock)[0]
    with tunnel(here.proxy) as own:
        own.sendall(request)
        return thread, read_all(own)[0]


def events_of(here, thread):
    """The events of the flow of this thread, once it has ended."""

    def ended():
        events = here.proxy.events()
        flow = next((event["flow"] for event in events if event.get("thread") == thread), None)
        mine = [event for event in events if event["flow"] == flow]
        return mine if any(event["type"] == "flow.end" for event in mine) else None

    return until(ended, what="the flow's end")


# --- credentials (DESIGN promise 2), at the servers that receive

SECRET = "s" * 12
LOOKALIKE = "sgamp_user_" + "q" * 30
CREDENTIALS = [
    ({"authorization": f"Bearer {SECRET}"}, ""),
    ({"proxy-authorization": f"Basic {SECRET}"}, ""),
    ({"x-api-key": SECRET}, ""),
    ({"x-goog-api-key": SECRET}, ""),
    ({"api-key": SECRET}, ""),
    ({"cookie": f"a={SECRET}"}, ""),
    ({"x-amp-installation-id": SECRET}, ""),
    ({"x-custom": LOOKALIKE}, ""),
    ({"sec-websocket-protocol": SECRET}, ""),
    ({}, f"?key={SECRET}"),
    ({}, f"?a=1&access_token={SECRET}"),
    ({}, f"?rvt-token={SECRET}"),
    ({}, f"?x={LOOKALIKE.replace('_', '%5F')}"),
]


def holds(request, secret):
    text = request.target + "".join(f"{name.decode()}: {value.decode()}\n" for name, value in request.headers)
    return secret in text or secret in text.replace("%5F", "_")


@pytest.mark.parametrize("want", ["route", "bare", "model"])
@pytest.mark.parametrize(("headers", "query"), CREDENTIALS)
def test_no_credential_of_the_client_reaches_another_upstream(here, want, headers, query):
    thread, _ = ask(here, MESSAGES + query, want, **{name.replace("-", "_"): value for name, value in headers.items()})
    assert here.received(here.amp, thread) == []
    [request] = here.received(here.other, thread)
    assert not holds(request, SECRET) and not holds(request, LOOKALIKE)
    keys = [value for name, value in request.headers if name.lower() == b"x-api-key"]
    assert keys == ([] if want == "bare" else [KEY.encode()])
    end = events_of(here, thread)[-1]
    assert end["upstream"] == ("bare" if want == "bare" else "other")
    assert end["credential"] == (None if want == "bare" else "env:OTHER_KEY")


@pytest.mark.parametrize("want", ["none", "edit", "observe", "keep"])
@pytest.mark.parametrize(("headers", "query"), CREDENTIALS)
def test_credentials_arrive_as_they_were_where_no_rule_sends_them_elsewhere(here, want, headers, query):
    thread, _ = ask(here, MESSAGES + query, want, **{name.replace("-", "_"): value for name, value in headers.items()})
    [request] = here.received(here.other if want == "keep" else here.amp, thread)
    assert here.received(here.amp if want == "keep" else here.other, thread) == []
    assert request.target == MESSAGES + query
    # What belongs to the connection to a proxy is mitmproxy's business.
    for name, value in headers.items():
        assert name == "proxy-authorization" or (name.encode(), value.encode()) in request.headers
    assert not holds(request, KEY)


@pytest.mark.parametrize("want", ["block", "json", "paced"])
def test_nothing_is_sent_where_a_rule_answers(here, want):
    thread, _ = ask(here, MESSAGES, want, authorization=f"Bearer {SECRET}")
    assert here.received(here.amp, thread) == here.received(here.other, thread) == []


def test_no_credential_is_in_anything_that_the_suite_wrote(here):
    for thread in [ask(here, f"{MESSAGES}?key={SECRET}", want, x_api_key=SECRET)[0] for want in ("route", "block", "json", "keep")]:
        events_of(here, thread)
    written = here.proxy.output + here.proxy.events_path.read_text()
    assert SECRET not in written and KEY not in written and LOOKALIKE not in written


# --- actions


def test_edits_leave_every_other_byte_as_it_was(here):
    body = b'{ "model" : "m-1",\r\n "top_p": 1.0, "metadata": {"x":"\xc3\xb6\\u00f6"}, "n": 1e2 , "messages":[] }'
    thread, _ = ask(here, MESSAGES, "edit", body, x_gone="1", X_Case="Y")
    [request] = here.received(here.amp, thread)
    expected = b'{ "model" : "m-1", "metadata": {"x":"\xc3\xb6\\u00f6","a":[1]}, "n": 1e2 , "messages":[],"temperature":0 }'
    assert json.loads(request.body) == json.loads(expected)
    assert b'"metadata": {"x":"\xc3\xb6\\u00f6","a":[1]}, "n": 1e2 , "messages":[]' in request.body
    assert request.header("x-gone") is None and request.header("x-new") == "1" and (b"X-Case", b"Y") in request.headers
    assert request.header("content-length") == str(len(request.body))


def test_compressed_bodies_are_edited_in_their_coding(here):
    body = gzip.compress(b'{"model":"m-1","metadata":{},"messages":[]}')
    thread, _ = ask(here, MESSAGES, "edit", body, content_encoding="gzip")
    [request] = here.received(here.amp, thread)
    assert json.loads(gzip.decompress(request.body)) == {"model": "m-1", "metadata": {"a": [1]}, "messages": [], "temperature": 0}


ASKED = [
    (MESSAGES, b'{"model":"m-1","stream":true,"max_tokens":9,"messages":[]}'),
    (MESSAGES, b'{"model":"m-1","max_tokens":9,"messages":[]}'),
    (CHAT, b'{"model":"m-1","stream":true,"messages":[]}'),
    (CHAT, b'{"model":"m-1","messages":[]}'),
    (RESPONSES, b'{"model":"m-1","stream":true,"input":"x"}'),
    (RESPONSES, b'{"model":"m-1","input":"x"}'),
    (GOOGLE, b'{"contents":[]}'),
    (GOOGLE_WHOLE, b'{"contents":[]}'),
]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(("path", "body"), ASKED)
def test_model_is_mapped_out_and_back(here, path, body, encoding):
    thread, answer = ask(here, path, "model", body, x_sim_encoding=encoding, accept_encoding="gzip, br")
    [request] = here.received(here.other, thread)
    asked = request.body if b"m-1" in body else request.target.encode()
    assert b"local-model" in asked and b"m-1" not in request.body
    head, data = answer.partition(b"\r\n\r\n")[0], body_of(answer)
    assert b"content-encoding" not in head.lower() and b"local-model" not in data
    if not path.startswith("/api/provider/google"):
        assert b'"model":"m-1"' in data.replace(b": ", b":")
    assert events_of(here, thread)[-1]["outcome"] == "ok"


BLOCKED = [
    (MESSAGES, True, '"type":"permission_error","message":"Not today: größer."'),
    (MESSAGES, False, '"type":"permission_error","message":"Not today: größer."'),
    (CHAT, True, '"message":"Not today: größer."'),
    (RESPONSES, True, '"message":"Not today: größer."'),
    (GOOGLE, True, '"status":"PERMISSION_DENIED"'),
    ("/api/telemetry", False, '"message":"Not today: größer."'),
]


@pytest.mark.parametrize(("path", "stream", "text"), BLOCKED)
def test_block_answers_in_the_format_of_the_provider(here, path, stream, text):
    body = b'{"model":"m-1","stream":true}' if stream else b'{"model":"m-1"}'
    thread, answer = ask(here, path, "block", body)
    head, data = answer.partition(b"\r\n\r\n")[0], body_of(answer)
    assert head.startswith(b"HTTP/1.1 200" if stream else b"HTTP/1.1 403")
    assert (b"text/event-stream" in head) is stream and text in data.decode()
    events = events_of(here, thread)
    assert events[-1]["outcome"] == "blocked" and events[-1]["rules"] == ["block"]
    assert [event["action"] for event in events if event["type"] == "rule.action"] == ["block"]


def test_canned_answers(here):
    _, answer = ask(here, MESSAGES, "json")
    assert answer.startswith(b"HTTP/1.1 201") and b"x-from: rule" in answer and answer.endswith(b'{"canned":true}')


def test_events_of_a_canned_stream_are_paced(here):
    thread = next(_threads)
    with tunnel(here.proxy) as sock:
        sock.sendall(post(MESSAGES, b'{"stream":true}', x_want="paced", x_amp_thread_id=thread))
        started, data = time.monotonic(), b""
        while b"event: a" not in data:
            data += sock.recv(65536)
        assert b"event: b" not in data
        first = time.monotonic() - started
        rest, how = read_all(sock)
    assert how in ("complete", "closed") and b"event: b\ndata: two" in rest
    assert time.monotonic() - started - first >= 0.2
    kinds = [event["type"] for event in events_of(here, thread)]
    assert kinds.count("stream.event") == 2 and kinds[-2:] == ["stream.end", "flow.end"]


def test_what_only_observes_changes_nothing(here):
    thread, answer = ask(here, MESSAGES, "observe")
    assert answer.startswith(b"HTTP/1.1 200") and len(here.received(here.amp, thread)) == 1
    events = events_of(here, thread)
    assert [(event["rule"], event["mode"]) for event in events if event["type"] == "rule.action"] == [("observed", "observe")]
    assert events[-1]["rules"] == [] and events[-1]["outcome"] == "ok"


def test_upstream_that_is_down_is_said_and_nothing_is_tried_elsewhere(here):
    thread, answer = ask(here, MESSAGES, "down")
    assert answer.startswith(b"HTTP/1.1 502") and here.received(here.amp, thread) == []
    end = events_of(here, thread)[-1]
    assert (end["outcome"], end["upstream"]) == ("error", "down") and end["error"]


def test_original_host_that_is_down_does_not_matter(tmp_path):
    """The client asks for a host that nobody is; the rule sends it to one that is there."""
    rules = "- {id: all, match: {}, then: {route: other}}"
    with world(rules, mode="regular") as here, tunnel(here.proxy, "nobody.invalid") as sock:
        sock.sendall(post("/v1/messages", b"{}", host="nobody.invalid", x_amp_thread_id="T-down"))
        answer, _ = read_all(sock)
        assert not answer.startswith(b"HTTP/1.1 502") and len(here.received(here.other, "T-down")) == 1


def test_request_for_two_hosts_at_once_is_refused(here):
    """The tunnel leads to one host, the Host header names another: whose credential should go with it?"""
    thread = next(_threads)
    with tunnel(here.proxy) as sock:
        sock.sendall(post(MESSAGES, b"{}", host="evil.example", x_want="route", x_amp_thread_id=thread))
        answer, _ = read_all(sock)
    assert answer.startswith(b"HTTP/1.1 421") and here.received(here.other, thread) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"model":"a","model":"b"}', id="twice"),
        pytest.param(b'\xef\xbb\xbf{"model":"a"}', id="byte order mark"),
        pytest.param('{"model":"a"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"Model":"a"}', id="other letters"),
        pytest.param(b'{"model":', id="broken"),
    ],
)
def test_body_that_can_be_read_in_two_ways_is_refused_by_a_rule_that_must_read_it(here, body):
    thread, answer = ask(here, MESSAGES, "model", body)
    assert answer.startswith(b"HTTP/1.1 400") and here.received(here.other, thread) == here.received(here.amp, thread) == []
    assert events_of(here, thread)[-1]["outcome"] == "blocked"
    thread, answer = ask(here, MESSAGES, "none", body)
    assert len(here.received(here.amp, thread)) == 1  # no rule has to read it


# --- redirects off a routed upstream


@pytest.mark.parametrize(
    ("location", "expected"),
    [("https://evil.example/x", None), ("//evil.example/x", None), ("/elsewhere?a=1", "/elsewhere?a=1"), ("https://{here}/y?b", "/y?b")],
)
def test_redirect_off_a_routed_upstream_is_refused(location, expected):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        location = location.replace("https://{here}", f"http://127.0.0.1:{port}")
        rules = "- {id: all, match: {}, then: {route: moved}}"
        with world(rules, more=f'moved: {{url: "http://127.0.0.1:{port}"}}') as here, tunnel(here.proxy) as sock:
            sock.sendall(post(MESSAGES, b'{"stream":false}'))
            upstream, _ = server.accept()
            with upstream:
                assert upstream.recv(65536).startswith(b"POST")
                upstream.sendall(f"HTTP/1.1 307 Go\r\nLocation: {location}\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nxx".encode())
                answer, how = read_all(sock)
    head = answer.partition(b"\r\n\r\n")[0].decode()
    assert how == "complete" and "set-cookie" not in head.lower()
    if expected is None:
        assert head.startswith("HTTP/1.1 502") and "evil" not in answer.decode() and "does not follow" in answer.decode()
    else:
        assert head.startswith("HTTP/1.1 307") and f"ocation: {expected}" in head


# --- time limits


@pytest.mark.parametrize(("limit", "sends"), [("first_byte", b""), ("idle", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")])
def test_upstream_that_says_nothing_is_given_up(limit, sends):
    with socket.create_server(("127.0.0.1", 0)) as server:
        rules = "- {id: all, match: {}, then: {route: silent}}"
        more = f'silent: {{url: "http://127.0.0.1:{server.getsockname()[1]}", timeouts: {{{limit}: 0.3}}}}'
        with world(rules, more=more) as here, tunnel(here.proxy) as sock:
            sock.sendall(post(MESSAGES, b"{}", x_amp_thread_id="T-silent"))
            upstream, _ = server.accept()
            with upstream:
                upstream.recv(65536)
                upstream.sendall(sends)
                answer, how = read_all(sock)
            end = events_of(here, "T-silent")[-1]
    assert answer.startswith(b"HTTP/1.1 200" if sends else b"HTTP/1.1 502") and how in ("complete", "closed", "reset")
    assert end["outcome"] == "error" and "0.3 s" in end["error"]


# --- reloading


def test_rules_are_loaded_anew_when_saved_and_a_broken_file_changes_nothing():
    with world("- {id: one, match: {header: {x-want: a}}, then: {block: first}}") as here, tunnel(here.proxy) as sock:
        assert b"first" in ask(here, MESSAGES, "a", sock=sock)[1]
        here.rules.write_text(rule_file(here.other, "- {id: one, match: {header: {x-want: a}}, then: {block: second}}"))
        until(lambda: b"second" in ask(here, MESSAGES, "a", sock=sock)[1], what="the new rules")
        here.rules.write_text(rule_file(here.other, "- {id: one, matchh: {}, then: {block: third}}"))
        until(lambda: "cannot be used" in here.proxy.output, what="the complaint")
        assert "rules.yaml:8:" in here.proxy.output and "Did you mean 'match'?" in here.proxy.output
        assert b"second" in ask(here, MESSAGES, "a", sock=sock)[1]
        here.rules.write_text(rule_file(here.other, "- {id: one, match: {header: {x-want: a}}, then: {block: fourth}}"))
        until(lambda: b"fourth" in ask(here, MESSAGES, "a", sock=sock)[1], what="the mended rules")


def test_bad_rules_at_start_end_it(tmp_path):
    path = Path(tmp_path) / "bad.yaml"
    path.write_text("version: 1\nrules:\n  - {id: a, then: {blok: true}}\n")
    proxy = Proxy(tmp_path, "-s", "amp_addons", "--set", f"amp_rules={path}", start=from_nothing)
    assert proxy.process.wait(20) == 1
    assert f"{path}:3:" in proxy.output and "Did you mean 'block'?" in proxy.output and "Traceback" not in proxy.output
    proxy.stop()
