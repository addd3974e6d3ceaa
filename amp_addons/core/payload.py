"""JSON payloads of events, read typed and forgivingly: only the fields that a struct names, and one wrong field loses only itself."""

import json
from collections.abc import Sequence
from typing import Any, get_args, get_origin

import msgspec


class PayloadDecoder[T: msgspec.Struct]:
    """Decodes JSON objects into structs whose fields all have defaults. Leaves are `Any`: whoever reads them checks their type.

    msgspec decodes all that is as expected. What it refuses goes the slow way: a field of another shape than its struct or list gets
    its default, and what the standard library reads (half a surrogate pair, NaN) is read. Strings may then hold lone surrogates.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def decode(self, data: str | bytes) -> T | None:
        """-> the struct, or None when the data is no JSON object."""
        try:
            return self._decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return _fill(self._kind, loads(data))


def each_of[T](decoder: "msgspec.json.Decoder[T]", data: Sequence[str]) -> list[T]:
    """What each of several lines of JSON is, all in one call where each is an object by itself. Raises as the decoder does."""
    text = "\n".join(data)
    # msgspec takes values that go on in the next line, and several in one: none does where every line is within { and }.
    if text[:1] == "{" and text[-1:] == "}" and text.count("}\n{") == len(data) - 1:
        found = decoder.decode_lines(text)
        if len(found) == len(data):
            return found
    return [*map(decoder.decode, data)]


def loads(data: str | bytes) -> Any:
    """JSON, or None when it is none. Unlike msgspec this takes half a surrogate pair, as SDKs do: models' pieces cut anywhere."""
    try:
        return json.loads(data, strict=False)
    except (ValueError, RecursionError):
        return None


def _fill[T: msgspec.Struct](kind: type[T], value: Any) -> T | None:
    if not isinstance(value, dict):
        return None
    fields = msgspec.structs.fields(kind)
    return kind(**{field.name: _as(field.type, value[field.encode_name]) for field in fields if field.encode_name in value})


def _as(kind: Any, value: Any) -> Any:
    if kind is Any:
        return value
    wanted = next(iter(get_args(kind)))  # of `X | None`
    if get_origin(wanted) is not list:
        return _fill(wanted, value)
    (item,) = get_args(wanted)
    return [found for each in value if (found := _fill(item, each)) is not None] if isinstance(value, list) else None


def dumps(value: Any) -> str:
    """What was read as JSON, as JSON again; nothing when it is nested too deep."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def well_formed(text: str) -> str:
    """Text without lone surrogates: the halves of a pair that came in two pieces are joined, others replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
