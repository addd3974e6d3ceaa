"""Tool calls of chat completions, put together from their pieces: providers differ in which of index, id and name each piece has."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import msgspec

from amp_addons.core.partial_json import parse
from amp_addons.core.payload import dumps, well_formed

MAX_CALLS = 1_000
"""Tool calls of one answer that are told apart."""

MAX_NAME = 1_000
"""Characters after which a name takes no further pieces; OpenAI allows 64."""


class Function(msgspec.Struct):
    name: Any = None
    arguments: Any = None


class Custom(msgspec.Struct):
    name: Any = None
    input: Any = None


class Piece(msgspec.Struct):
    """An item of `tool_calls`: all of a call, or what a stream adds to one."""

    index: Any = None
    id: Any = None
    function: Function | None = None
    custom: Custom | None = None


class _Call:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.custom = False
        self.object = ""  # the arguments where they came as an object, as JSON
        self.pieces = StringIO()

    def read(self) -> dict[str, Any]:
        text = well_formed(self.object or self.pieces.getvalue())
        return {"id": well_formed(self.id), "name": well_formed(self.name), "args": text if self.custom else parse(text) if text else {}}


class ChatCalls:
    """The calls of one answer. `fits` is asked before text is kept (`Reading._fits`)."""

    def __init__(self, fits: Callable[[str], bool]) -> None:
        self._fits = fits
        self._calls: list[_Call] = []
        self._latest: dict[int | str | None, _Call] = {}  # by index; at None the latest of all
        self._known: dict[tuple[int | str | None, str], _Call] = {}

    def take(self, piece: Piece) -> None:
        """Add a piece to its call, or begin one."""
        what = piece.function or piece.custom or Function()
        index = piece.index if isinstance(piece.index, int | str) else None
        id, name = (value if isinstance(value, str) else "" for value in (piece.id, what.name))
        call = self._find(index, id, name) or self._begin(index)
        if call is None:
            return
        if id and not call.id and self._fits(id):
            call.id = id
            self._known[index, id] = call
        # Some send a name in pieces, some the whole name with each piece.
        if name != call.name and len(call.name) < MAX_NAME and self._fits(name):
            call.name += name
        call.custom = call.custom or piece.custom is not None
        self._add(call, what.arguments if isinstance(what, Function) else what.input)

    def read(self) -> list[dict[str, Any]]:
        """-> `id`, `name`, `args` of each call, in the order they began"""
        return [call.read() for call in self._calls]

    def _find(self, index: int | str | None, id: str, name: str) -> _Call | None:
        if id and (index, id) in self._known:
            return self._known[index, id]
        latest = self._latest.get(index)
        if latest is None or not name:
            return latest  # old vLLM gives each piece an id of its own, but only the first a name
        # Gemini gives all its calls index 0, or none; each has a name, and an id of its own or none.
        another = index is None or (id and latest.id)
        return None if another else latest

    def _begin(self, index: int | str | None) -> _Call | None:
        if len(self._calls) >= MAX_CALLS:
            return None
        call = self._latest[index] = self._latest[None] = _Call()
        self._calls.append(call)
        return call

    def _add(self, call: _Call, arguments: object) -> None:
        if isinstance(arguments, str):
            if self._fits(arguments):
                call.pieces.write(arguments)
        elif isinstance(arguments, dict) and arguments and self._fits(text := dumps(arguments)):
            call.object = text
