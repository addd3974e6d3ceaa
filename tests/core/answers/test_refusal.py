"""What the official SDKs make of a refusal, over a real socket, and that none of them asks twice."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from amp_addons import StreamReader
from amp_addons.core.answers.answer import Answer
from amp_addons.core.answers.refusal import MAX_MESSAGE, error_body, error_event, refuse, shown

MESSAGE = "Not allowed: größer 🚀"
SAID: list[Any] = [{"role": "user", "content": "hi"}]
APIS = ["anthropic-messages", "openai-chat", "openai-responses", "google-generatecontent"]
KEY = "x" * 20


class Service:
    """Answers every request with `answer`, and counts them."""

    def __init__(self) -> None:
        self.answer = Answer(status=500, headers=(), body=b"")
        self.requests = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.requests += 1
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(service.answer.status)
                for name, value in service.answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(service.answer.body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


def ask_anthropic(url: str, stream: bool) -> None:
    with anthropic.Anthropic(base_url=url, api_key=KEY) as client:
        answer = client.messages.create(model="m", max_tokens=10, messages=SAID, stream=stream)
        list(answer)  # type: ignore[arg-type]


def ask_chat(url: str, stream: bool) -> None:
    with openai.OpenAI(base_url=url, api_key=KEY) as client:
        list(client.chat.completions.create(model="m", messages=SAID, stream=stream))  # type: ignore[arg-type]


def ask_responses(url: str, stream: bool) -> None:
    with openai.OpenAI(base_url=url, api_key=KEY) as client:
        list(client.responses.create(model="m", input="hi", stream=stream))  # type: ignore[arg-type]


def ask_google(url: str, stream: bool) -> None:
    with genai.Client(api_key=KEY, http_options={"base_url": url}) as client:
        if stream:
            list(client.models.generate_content_stream(model="m", contents="hi"))
        else:
            client.models.generate_content(model="m", contents="hi")


ASK: dict[str, Callable[[str, bool], None]] = dict(zip(APIS, (ask_anthropic, ask_chat, ask_responses, ask_google), strict=True))


def raised(service: Service, api: str, answer: Answer, stream: bool) -> Any:
    service.answer, service.requests = answer, 0
    with pytest.raises(Exception) as caught:
        ASK[api](service.url, stream)
    return caught.value


@pytest.mark.parametrize("status", [400, 403, 429, 503])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("api", APIS)
def test_the_sdk_shows_the_message_and_does_not_ask_again(service: Service, api: str, stream: bool, status: int) -> None:
    error = raised(service, api, refuse(api, MESSAGE, status=status, stream=stream), stream)
    assert MESSAGE in str(error)
    assert type(error).__module__.split(".")[0] in ("anthropic", "openai", "google")
    assert service.requests == 1


@pytest.mark.parametrize("api", APIS)
def test_a_refusal_without_a_stream_reaches_a_client_that_asked_for_one(service: Service, api: str) -> None:
    """Where it is not known that a stream was asked for, the error status does as well."""
    assert MESSAGE in str(raised(service, api, refuse(api, MESSAGE), stream=True))


def test_googles_array_has_the_error_status(service: Service) -> None:
    """The SDK reads an array of one error. It always asks for `alt=sse` itself; other clients do not."""
    answer = refuse("google-generatecontent", MESSAGE, stream=True, array=True)
    assert answer.status == 403
    assert [item["error"]["message"] for item in json.loads(answer.body)] == [MESSAGE]
    error = raised(service, "google-generatecontent", answer, stream=True)
    assert (error.code, error.status, error.message) == (403, "PERMISSION_DENIED", MESSAGE)


def test_the_code_is_where_each_sdk_has_its_own(service: Service) -> None:
    code = "blocked_by_proxy"
    assert raised(service, "anthropic-messages", refuse("anthropic-messages", "no"), stream=False).error_code == code
    for api in ("openai-chat", "openai-responses"):
        for stream in (False, True):
            assert raised(service, api, refuse(api, "no", stream=stream), stream).code == code
    assert raised(service, "google-generatecontent", refuse("google-generatecontent", "no"), stream=False).details["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BLOCKED_BY_PROXY", "domain": "amp-addons"}
    ]


@pytest.mark.parametrize("api", [*APIS, "amp-connect", None])
def test_our_own_reader_sees_the_error_in_the_stream(api: str | None) -> None:
    reader = StreamReader(api)
    reader.feed(error_event(api, MESSAGE))
    reader.close()
    assert {error.message for error in reader.summary().errors} == {MESSAGE}


@pytest.mark.parametrize("api", ["openai-responses"])
def test_clients_that_wait_for_the_response_are_told_as_well(api: str) -> None:
    assert b'event: response.failed\ndata: {"type":"response.failed"' in error_event(api, MESSAGE)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_api_gets_plain_json(stream: bool) -> None:
    answer = refuse(None, MESSAGE, status=451, stream=stream, code="c")
    assert answer.status == 451
    assert json.loads(answer.body) == {"error": {"type": "c", "message": MESSAGE}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("api", [*APIS, "amp-connect", None])
def test_headers(api: str | None, stream: bool) -> None:
    """Nothing invites to ask again."""
    headers = dict(refuse(api, MESSAGE, stream=stream).headers)
    assert headers.keys() == {"content-type", "x-should-retry"}
    assert headers["x-should-retry"] == "false"
    assert headers["content-type"].startswith("text/event-stream" if stream and api else "application/json")


def test_a_message_may_hold_anything() -> None:
    """Ends of lines stay; what steers a terminal is made visible, half a pair of surrogates included; the rest is JSON's to encode."""
    assert shown('a"\\\n\x1b[2J\r\x9b\u202e\ud83dé') == 'a"\\\n\\x1b[2J\\x0d\\x9b\\u202e\\ud83dé'
    for api in [*APIS, "amp-connect", None]:
        body = error_body(api, '\n\nevent: "\ud83d"\r\ndata: x\n\n')
        assert json.loads(body)["error"]["message"] == '\n\nevent: "\\ud83d"\\x0d\ndata: x\n\n'
        assert b"\n" not in body


@pytest.mark.parametrize("length", [MAX_MESSAGE, MAX_MESSAGE + 1])
def test_a_message_ends_somewhere(length: int) -> None:
    text = shown("x" * length)
    assert len(text) == MAX_MESSAGE
    assert text.endswith("…") == (length > MAX_MESSAGE)
