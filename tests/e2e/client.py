"""Runs the cases of standard input (a JSON array, see cases.py) with the official SDKs: the same as client.mjs, in Python.

A JSON line tells when the first piece of a streamed answer has arrived, another what came of the case.
"""

import json
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache

import anthropic
import openai
from google import genai

AT_ONCE = 8
TIMEOUT = 20


@cache
def connected(sdk, base, key):
    """One client for each provider, as in a real program, so that connections are used again."""
    return sdk(base_url=base, api_key=key, max_retries=0, timeout=TIMEOUT)


def client_of(sdk, it):
    return connected(sdk, it["base"], it["key"]).with_options(default_headers=it["headers"])


def plain(value):
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


class Messages:
    def __init__(self, it):
        self.messages = client_of(anthropic.Anthropic, it).messages

    def whole(self, request):
        return self.messages.create(**request)

    def stream(self, request, on_piece):
        with self.messages.stream(**request) as stream:
            for event in stream:
                if event.type == "content_block_delta":
                    on_piece()
            return stream.get_final_message()

    def tell(self, message):
        blocks = message.content
        return {
            "id": message.id,
            "model": message.model,
            "text": "".join(block.text for block in blocks if block.type == "text"),
            "thinking": "".join(block.thinking for block in blocks if block.type == "thinking"),
            "tool_calls": [{"id": block.id, "name": block.name, "args": block.input} for block in blocks if block.type == "tool_use"],
            "stop_reason": message.stop_reason,
            "usage": plain(message.usage),
        }


class Chat:
    def __init__(self, it):
        self.completions = client_of(openai.OpenAI, it).chat.completions
        self.thinking = ""

    def whole(self, request):
        answer = self.completions.create(**request)
        self.thinking = thought(answer.choices[0].message)
        return answer

    def stream(self, request, on_piece):
        with self.completions.stream(**request) as stream:
            for event in stream:
                if event.type == "chunk" and event.chunk.choices:
                    delta = event.chunk.choices[0].delta
                    self.thinking += thought(delta)
                    if delta.content or self.thinking:
                        on_piece()
            return stream.get_final_completion()

    def tell(self, answer):
        [choice] = answer.choices
        calls = choice.message.tool_calls or []
        return {
            "id": answer.id,
            "model": answer.model,
            "text": choice.message.content or "",
            "thinking": self.thinking,
            "tool_calls": [{"id": call.id, "name": call.function.name, "args": json.loads(call.function.arguments)} for call in calls],
            "stop_reason": choice.finish_reason,
            "usage": plain(answer.usage),
        }


def thought(said):
    """What the model thinks: OpenRouter's name for it is the second, and the SDK knows neither."""
    return getattr(said, "reasoning_content", None) or getattr(said, "reasoning", None) or ""


class Responses:
    def __init__(self, it):
        self.responses = client_of(openai.OpenAI, it).responses

    def whole(self, request):
        return self.responses.create(**request)

    def stream(self, request, on_piece):
        with self.responses.stream(**request) as stream:
            for event in stream:
                if event.type.endswith(".delta"):
                    on_piece()
            return stream.get_final_response()

    def tell(self, response):
        calls = [item for item in response.output if item.type == "function_call"]
        return {
            "id": response.id,
            "model": response.model,
            "text": response.output_text,
            "thinking": "".join(part.text for item in response.output if item.type == "reasoning" for part in item.summary),
            "tool_calls": [{"id": call.call_id, "name": call.name, "args": json.loads(call.arguments)} for call in calls],
            "stop_reason": response.status,
            "usage": plain(response.usage),
        }


class Google:
    def __init__(self, it):
        http = {"base_url": it["base"], "headers": it["headers"], "timeout": TIMEOUT * 1000}
        self.client = genai.Client(vertexai=it["vertexai"], api_key=it["key"], http_options=http)

    def whole(self, request):
        return [self.client.models.generate_content(**request)]

    def stream(self, request, on_piece):
        chunks = []
        with closing(self.client.models.generate_content_stream(**request)) as stream:
            for chunk in stream:
                chunks.append(chunk)
                on_piece()
        return chunks

    def tell(self, chunks):
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
        last = chunks[-1]
        return {
            "id": last.response_id,
            "model": last.model_version,
            "text": "".join(part.text or "" for part in parts if not part.thought),
            "thinking": "".join(part.text or "" for part in parts if part.thought),
            "tool_calls": [plain(part.function_call) for part in parts if part.function_call],
            "stop_reason": last.candidates[0].finish_reason.value,
            "usage": plain(last.usage_metadata),
        }


APIS = {
    "anthropic-messages": Messages,
    "openai-chat": Chat,
    "openai-responses": Responses,
    "google-generatecontent": Google,
}


class Left(Exception):
    """The case wanted to leave after the first piece."""


def run(it):
    pieces = 0
    last, gap = None, 0.0  # when a piece came, and the longest wait for one

    def on_piece():
        nonlocal pieces, last, gap
        now = time.monotonic()
        gap, last = max(gap, now - (last or now)), now
        pieces += 1
        if pieces == 1:
            say({"case": it["case"], "first": True})
        if it["leave"]:
            raise Left

    try:
        api = APIS[it["api"]](it)
        answer = api.stream(it["request"], on_piece) if it["stream"] else api.whole(it["request"])
        say({"case": it["case"], "pieces": pieces, "gap": gap, "answer": api.tell(answer)})
    except Exception as error:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        say({"case": it["case"], "pieces": pieces, "error": {"status": status, "message": told(error)}})


def told(error):
    """What went wrong on the way to the service is told by what caused the error."""
    return ": ".join([str(error), *([told(error.__cause__)] if error.__cause__ else [])])


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    cases = json.load(sys.stdin)
    say({"runtime": f"python {platform.python_version()}"})
    # One of each API by itself: the SDKs build their types on first use, and threads that do so at once read answers by halves.
    first = {it["api"]: it for it in reversed(cases)}.values()
    for it in first:
        run(it)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, [it for it in cases if it not in first]))
