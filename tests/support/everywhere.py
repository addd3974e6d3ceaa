"""A text in every place that traffic can put one: for what must not run, and for what must not be shown."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from amp_addons.core.events import RedactionDone, RuleAction
from amp_addons.core.payload import well_formed
from amp_addons.sim import google, openai_chat, openai_responses
from support.capture import AMP, MESSAGES, PROVIDER, CaptureFile, answer, events

PIECE = 6
"""Characters of each delta: a text is cut in many."""


def everywhere(out: CaptureFile, at: float, text: str, plain: str | None = None) -> None:
    """Flows of every API with `text` in each place; `plain` is what stands where it has a name that says it is secret."""
    half, given = text, text if plain is None else plain  # half a pair of surrogates is in the requests, where JSON has an escape for it
    text, plain = well_formed(half), well_formed(given)
    named = _header(plain)
    headers = [("authorization", f"Bearer {named}"), ("cookie", f"session={named}"), ("x-api-key", named), ("x-note", _header(text))]
    for number, (url, body, api) in enumerate(_requests(half, given)):
        calls = [(text, {"note": text, "password": plain, text: 1})]
        said = answer(text, model=_header(text) or "m", thinking=text, tools=calls, piece=PIECE)
        more = {"headers": headers, "content_type": "text/event-stream", "thread": _header(text) if number else None}
        out.add(
            url,
            at + number,
            body=body,
            pieces=events(said, api) if api else events(said),
            **more,
            said=_acted(text),
            upstream=text,
            credential=text,
        )
    failure = {"type": "error", "error": {"type": text, "message": f"{text} and more"}}
    out.add(
        MESSAGES,
        at + 5,
        body={"model": text, "messages": []},
        status=400,
        pieces=[json.dumps(failure).encode()],
        error=text,
        outcome="error",
    )
    broken = b"event: error\ndata: " + json.dumps(failure).encode() + b"\n\n"
    out.add(MESSAGES, at + 6, body=b"not JSON " + text.encode("utf-8", "surrogatepass"), pieces=[broken], content_type="text/event-stream")
    out.add(MESSAGES, at + 6, body={"model": "m", "messages": []}, facts=False, status=0, error=f"server says {text}")
    path = _path(text)
    out.add(
        f"{AMP}/api/{path}?token={_path(plain)}&q={path}",
        at + 7,
        method="GET",
        headers=headers,
        pieces=[text.encode("utf-8", "surrogatepass")],
    )
    named = b"event: " + text.replace("\n", " ").encode("utf-8", "surrogatepass") + b"\ndata: {}\n\n"
    out.add(f"{AMP}/api/connect", at + 8, method="GET", pieces=[named], content_type="text/event-stream")
    message = json.dumps({"type": text, "text": text, "password": plain}).encode()
    out.add_socket(f"{AMP}/api/thread-actors/{path}", at + 9, [(True, message), (False, text.encode("utf-8", "surrogatepass"))])


def _acted(text: str) -> Sequence[Any]:
    at = {"time": "2025-10-15T14:00:00.000Z", "flow": "x"}
    text = text.encode("utf-8", "replace").decode()
    return [
        RuleAction(**at, rule=text, mode="enforce", action=text, detail=text),
        RedactionDone(**at, rule=text, where=text, kind=text, count=1),
    ]


def _requests(text: str, plain: str) -> list[tuple[str, Any, Any]]:
    secret = {"password": plain, "note": text}
    claude = {
        "model": text,
        "system": text,
        text: text,
        "metadata": {"user_id": text},
        "tools": [{"name": text, "description": text, "input_schema": {}}],
        "messages": [
            {"role": text, "content": f"{text}\n```{text}\n{text}\n```\n@@ -1 +1 @@\n-{text}\n+{text}\n {text}\n"},
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "url", "url": f"https://x.example/{text}", "media_type": text}}],
            },
            {"role": "assistant", "content": [{"type": "thinking", "thinking": text}, {"type": "text", "text": text}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": text, "name": text, "input": {**secret, "old_str": text, "new_str": f"{text} 2"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": text, "content": text, "is_error": True}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": json.dumps(secret)}, {"type": text, "data": text}],
            },
        ],
    }
    chat = {
        "model": text,
        "messages": [
            {"role": "system", "content": text},
            {"role": "user", "content": [{"type": "text", "text": text}, {"type": "file", "file": {"filename": text}}]},
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": text, "arguments": json.dumps(secret)}}]},
            {"role": "tool", "tool_call_id": "c", "content": text},
        ],
    }
    responses = {
        "model": text,
        "instructions": text,
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": text}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]},
            {"type": "function_call", "call_id": "c", "name": text, "arguments": json.dumps(secret)},
            {"type": "function_call_output", "call_id": "c", "output": text},
            {"type": text, "x": text},
        ],
    }
    gemini = {
        "systemInstruction": {"parts": [{"text": text}]},
        "contents": [
            {"role": "user", "parts": [{"text": text}, {"inlineData": {"mimeType": text, "data": "AAAA"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": text, "args": secret}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": text, "response": {"output": text}}}]},
        ],
    }
    again = {**claude, "system": f"{text} 2", "messages": [{"role": "user", "content": f"{text} 2"}, *claude["messages"][1:]]}
    model = _path(text) or "m"
    return [
        (MESSAGES, claude, None),
        (MESSAGES, claude, None),
        (MESSAGES, {**again, "system": text}, None),
        (f"{PROVIDER}/xai/v1/chat/completions", chat, openai_chat),
        (f"{PROVIDER}/openai/v1/responses", responses, openai_responses),
        (f"{PROVIDER}/google/v1beta1/publishers/google/models/{model}:streamGenerateContent", gemini, google),
    ]


def _path(text: str) -> str:
    """A segment of a path, as a client that encodes only what it must sends it."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="<>\"'`()=:;{}|$!*,+@~")


def _header(text: str) -> str:
    """As much of it as a header can have."""
    return "".join(char for char in text.replace("\n", " ") if char.isascii() and char.isprintable())
