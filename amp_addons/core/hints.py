"""What a request to a model says about itself before it is answered: which model, whether a stream, which tools, how many messages.

Known from the JSON body, and for Google and for Claude on Vertex (`…/models/{model}:streamGenerateContent`) from the path. The body is
not built: messages are counted and tools are named without making objects of what they hold.
"""

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from amp_addons.core.encoding import decode_body
from amp_addons.core.json_problem import HALF_PAIR

MAX_BODY = 8 * 1024 * 1024
"""Largest request body looked into (bytes). Picking fields out of 1 MiB takes about a millisecond of the event loop."""

MAX_TOOLS = 1000
"""Most tools that are named; clients with many MCP servers send a few hundred."""

MAX_NAME = 256
"""Longest name or identifier taken over (characters): the APIs allow 64 to 128 for a tool."""

MODEL_IN_PATH = re.compile(r"/(?:models|tunedModels)/([^/]+)")
"""The segment that names a model, and with a colon what is asked of it."""


class RequestHints(msgspec.Struct, frozen=True, gc=False):
    """What is None, or for `tools` empty, the request does not say, or it cannot be read.

    `tools` are the names of the tools offered, `messages` the number of messages (a text for all input counts as one). `thread` and
    `message` are identifiers in the body; Amp's own are in headers, and Anthropic's `metadata.user_id` is neither.
    """

    model: str | None = None
    stream: bool | None = None
    tools: tuple[str, ...] = ()
    messages: int | None = None
    thread: str | None = None
    message: str | None = None


class _Body(msgspec.Struct, gc=False):
    # Raw: nothing is built, and a wrong type in one field does not hide the others.
    model: msgspec.Raw = msgspec.Raw()
    stream: msgspec.Raw = msgspec.Raw()
    messages: msgspec.Raw = msgspec.Raw()  # Anthropic, OpenAI's chat
    input: msgspec.Raw = msgspec.Raw()  # OpenAI's responses
    contents: msgspec.Raw = msgspec.Raw()  # Google
    tools: msgspec.Raw = msgspec.Raw()
    functions: msgspec.Raw = msgspec.Raw()  # OpenAI's chat, before tools
    conversation: msgspec.Raw = msgspec.Raw()  # OpenAI's responses: an identifier, or an object with one
    metadata: msgspec.Raw = msgspec.Raw()
    params: msgspec.Raw = msgspec.Raw()  # Amp's own calls


class _Asked(msgspec.Struct, gc=False):
    # As nearly all bodies have them; the others are read as _Body.
    model: str | None = None
    stream: bool | None = None


class _Message(msgspec.Struct, gc=False):
    """Nothing of it is needed: an empty struct is the smallest thing that can be counted."""


class _Named(msgspec.Struct, gc=False):
    name: msgspec.Raw = msgspec.Raw()


class _Tool(_Named, gc=False):
    type: msgspec.Raw = msgspec.Raw()  # a built-in tool of OpenAI has no other name
    function: msgspec.Raw = msgspec.Raw()
    custom: msgspec.Raw = msgspec.Raw()
    function_declarations: msgspec.Raw = msgspec.Raw()
    functionDeclarations: msgspec.Raw = msgspec.Raw()


class _Ids(msgspec.Struct, gc=False):
    id: msgspec.Raw = msgspec.Raw()
    thread_id: msgspec.Raw = msgspec.Raw()
    threadId: msgspec.Raw = msgspec.Raw()
    threadID: msgspec.Raw = msgspec.Raw()
    message_id: msgspec.Raw = msgspec.Raw()
    messageId: msgspec.Raw = msgspec.Raw()
    messageID: msgspec.Raw = msgspec.Raw()


_body = msgspec.json.Decoder(_Body)
_asked = msgspec.json.Decoder(_Asked)
_counted = msgspec.json.Decoder(list[_Message])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_tool = msgspec.json.Decoder(_Tool)
_named = msgspec.json.Decoder(_Named)
_ids = msgspec.json.Decoder(_Ids)
_text = msgspec.json.Decoder(str)
_flag = msgspec.json.Decoder(bool)


def read_hints(path: str, body: bytes | None, content_encoding: str | None = None) -> RequestHints:
    """Read the hints of one request. `path` is the request target; never raises: what cannot be read is None."""
    model, stream = model_in_path(path)
    fields = _read_whole(_body, _plain(body, content_encoding))
    if fields is None:
        return RequestHints(model=model, stream=stream)
    given = _read(_ids, fields.metadata) or _read(_ids, fields.params) or _Ids()
    return RequestHints(
        model=model or _name(fields.model),
        stream=_read(_flag, fields.stream) if stream is None else stream,
        tools=_tools(fields),
        messages=_messages(fields),
        thread=_thread(fields.conversation) or _first(given.thread_id, given.threadId, given.threadID),
        message=_first(given.message_id, given.messageId, given.messageID),
    )


def read_asked(body: bytes | None) -> tuple[str | None, bool | None]:
    """Model and stream alone, of a plain body."""
    if asked := _read_whole(_asked, body):
        return asked.model[:MAX_NAME] if asked.model else None, asked.stream
    hints = read_hints("", body)
    return hints.model, hints.stream


def model_in_path(path: str) -> tuple[str | None, bool | None]:
    """`…/models/{model}:{method}`, the colon escaped or not: the model, and whether a stream is wanted of it.

    A model without a method is a resource, not a request to it.
    """
    if "odels/" not in path or not (found := MODEL_IN_PATH.search(path.partition("?")[0].partition("#")[0])):
        return None, None
    model, colon, method = unquote(found[1]).rpartition(":")
    return (model[:MAX_NAME], method.startswith("stream")) if model and colon else (None, None)


def _plain(body: bytes | None, content_encoding: str | None) -> bytes | None:
    if not body or len(body) > MAX_BODY:
        return None
    return decode_body(body, content_encoding, MAX_BODY) if content_encoding else body


def _messages(fields: _Body) -> int | None:
    for raw in (fields.messages, fields.input, fields.contents):
        if (items := _read(_counted, raw)) is not None:
            return len(items)
        if _is_text(raw):
            return 1
    return None


def _tools(fields: _Body) -> tuple[str, ...]:
    """Names in their order, as each API writes them down."""
    names: list[str] = []
    for raw in (_read(_items, fields.tools) or _read(_items, fields.functions) or [])[:MAX_TOOLS]:
        if (tool := _read(_tool, raw)) is not None:
            names += _tool_names(tool)
    return tuple(names[:MAX_TOOLS])


def _tool_names(tool: _Tool) -> list[str]:
    for group in (tool.functionDeclarations, tool.function_declarations):
        if (declared := _read(_items, group)) is not None:
            return [name for raw in declared[:MAX_TOOLS] if (name := _name_in(raw))]
    name = _name(tool.name) or _name_in(tool.function) or _name_in(tool.custom) or _name(tool.type)
    return [name] if name else []


def _thread(raw: msgspec.Raw) -> str | None:
    return _name(raw) or (_name(given.id) if (given := _read(_ids, raw)) else None)


def _first(*values: msgspec.Raw) -> str | None:
    return next((name for raw in values if (name := _name(raw))), None)


def _name_in(raw: msgspec.Raw) -> str | None:
    return _name(named.name) if (named := _read(_named, raw)) else None


def _name(raw: msgspec.Raw) -> str | None:
    text = _read(_text, raw) if _is_text(raw) else None
    return text[:MAX_NAME] if text else None


def _is_text(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b'"'


def _read_whole(decoder: msgspec.json.Decoder[Any], body: bytes | None) -> Any:
    """A body, even with half a surrogate pair in it, which msgspec refuses: clients that cut texts send it, and servers take it."""
    found = _read(decoder, body)
    return _read(decoder, HALF_PAIR.sub(rb"\\n", body)) if found is None and body and b"\\u" in body else found


def _read(decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw | bytes | None) -> Any:
    """What `raw` holds, or None where there is nothing, or nothing of that shape."""
    if not raw:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
