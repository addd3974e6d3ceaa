"""Changed streams read by the official SDKs: the extra events, numbers and ends are such that they take them.

The SDKs are imported when they are needed: that takes seconds, and every process of the tests reads this file.
"""

import json
from contextlib import closing
from typing import Any

import pytest
from support.filters import NEW, WORD, Held, Swap, through

from amp_addons.core.answers.channels import TextChannels
from amp_addons.sim import anthropic as messages
from amp_addons.sim import google, openai_chat, openai_responses
from amp_addons.sim.turn import ToolCall, Turn

KEY = "k"


def client_of(sdk: Any, http: Any, stream: bytes) -> Any:
    def answer(request: Any) -> Any:
        return http.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return sdk(api_key=KEY, base_url="http://upstream.test", max_retries=0, http_client=http.Client(transport=http.MockTransport(answer)))


def anthropic_reads(stream: bytes) -> tuple[str, str, list[Any]]:
    import anthropic
    import httpx2

    client = client_of(anthropic.Anthropic, httpx2, stream)
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]) as answer:
        blocks = answer.get_final_message().content
    return (
        "".join(block.text for block in blocks if block.type == "text"),
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        [block.input for block in blocks if block.type == "tool_use"],
    )


def chat_reads(stream: bytes) -> tuple[str, str, list[Any]]:
    import httpx2
    import openai

    client = client_of(openai.OpenAI, httpx2, stream)
    thinking = ""
    with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "hi"}]) as answer:
        for event in answer:
            if event.type == "chunk" and event.chunk.choices:
                thinking += getattr(event.chunk.choices[0].delta, "reasoning_content", None) or ""
        message = answer.get_final_completion().choices[0].message
    return message.content or "", thinking, [json.loads(call.function.arguments) for call in message.tool_calls or []]


def responses_reads(stream: bytes) -> tuple[str, str, list[Any]]:
    import httpx2
    import openai

    client = client_of(openai.OpenAI, httpx2, stream)
    deltas: dict[str, str] = {"response.output_text.delta": "", "response.reasoning_summary_text.delta": ""}
    arguments: dict[int, str] = {}
    with client.responses.stream(model="m", input="hi") as answer:
        for event in answer:
            if event.type in deltas:
                deltas[event.type] += event.delta
            elif event.type == "response.function_call_arguments.delta":
                arguments[event.output_index] = arguments.get(event.output_index, "") + event.delta
        response = answer.get_final_response()
    text, thinking = deltas.values()
    assert response.output_text == text
    assert [call.arguments for call in response.output if call.type == "function_call"] == [*arguments.values()]
    return text, thinking, [json.loads(each) for each in arguments.values()]


def google_reads(stream: bytes) -> tuple[str, str, list[Any]]:
    import httpx
    from google import genai

    def answer(request: Any) -> Any:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = genai.Client(api_key=KEY, http_options={"base_url": "http://upstream.test", "httpx_client": http})
    with closing(client.models.generate_content_stream(model="m", contents="hi")) as chunks:
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    return (
        "".join(part.text or "" for part in parts if not part.thought),
        "".join(part.text or "" for part in parts if part.thought),
        [part.function_call.args for part in parts if part.function_call],
    )


CLIENTS = [(messages, anthropic_reads), (openai_chat, chat_reads), (openai_responses, responses_reads), (google, google_reads)]


@pytest.mark.parametrize(("module", "read"), CLIENTS, ids=["anthropic", "chat", "responses", "google"])
@pytest.mark.parametrize("begin", [Swap, Held])
def test_the_sdk_reads_what_the_filter_made_of_the_whole(module: Any, read: Any, begin: Any) -> None:
    texts = [f'"{WORD}" says\n'[at : at + 3] for at in range(0, 18, 3)], ["hm, the p", "roxy and the"]
    args = {"a": [WORD, 'the "'], "b": {WORD: "é"}}
    turn = Turn(model="m", text=texts[0], thinking=texts[1], tools=[ToolCall("1", "grep", args), ToolCall("2", "edit", {})])
    stream = b"".join(module.events(turn))
    text, thinking, calls = read(through(TextChannels(module.API, lambda kind: begin()), [stream]))

    def made(text: str) -> str:
        return text.replace(WORD, NEW) if begin is Swap else text.upper()

    assert (text, thinking) == (made("".join(texts[0])), made("".join(texts[1])))
    assert calls == [{"a": [made(WORD), made('the "')], "b": {WORD: made("é")}}, {}]
