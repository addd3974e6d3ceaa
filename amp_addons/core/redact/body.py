"""Secrets in a request's body, found and replaced in place: in JSON only the bytes of the strings that hold one change.

All strings of a body are searched as one text, which costs a fraction of one search each. A short value goes behind its key, so that
`{"password": "…"}` is seen for what it is.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from amp_addons.core.json_edit import splice
from amp_addons.core.json_strings import StringSpan, encode_string, strings
from amp_addons.core.payload import loads
from amp_addons.core.redact.engine import Finding
from amp_addons.core.scrub import is_secret_name

type Find = Callable[[str], Sequence[Finding]]
type Replace = Callable[[Finding, str], str]
"""What is to stand in a finding's place; the second argument is the secret."""

MAX_NAMED = 256
"""Longest value (characters) whose key may make it a secret: longer ones are texts."""

SIGNED = frozenset(
    """
    signature thoughtSignature thought_signature encrypted_content thinking id tool_use_id toolUseId call_id item_id tool_call_id
    previous_response_id response_id container_id file_id fileId media_type mediaType mime_type mimeType model role type
    """.split()
)
"""Keys whose values are never changed: identifiers that must come back as they were, and what the provider signed or encrypted."""

_BLOBS = frozenset(("data", "image_url", "file_data", "url"))
_BETWEEN = "\n\0\n"


class Hit(NamedTuple):
    """What was found: which detector, of which kind, and where (a JSON pointer, or nothing for a plain text)."""

    detector: str
    kind: str
    where: str


class Piece(NamedTuple):
    """One string of a body: where its value stands in the text that is searched."""

    span: StringSpan
    text: str
    start: int


def redact_json(data: bytes, find: Find, replace: Replace, wanted: Callable[[str], bool] | None = None) -> tuple[bytes, list[Hit]]:
    """A JSON body (`json_problem.problem_of` has nothing against it) with its secrets replaced, and what was found.

    `wanted` chooses strings by their JSON pointer. Raises ValueError past the limits of what it uses.
    """
    pieces, text = _gather(data)
    starts = [piece.start for piece in pieces]
    found: dict[int, list[Finding]] = {}
    for finding in find(text):
        number = bisect_right(starts, finding.end - 1) - 1
        piece = pieces[number]
        # A finding that begins with the key is about the value.
        start, end = max(finding.start - piece.start, 0), min(finding.end - piece.start, len(piece.text))
        if start < end:
            found.setdefault(number, []).append(msgspec.structs.replace(finding, start=start, end=end))
    hits: list[Hit] = []
    changed: list[tuple[int, int, bytes]] = []
    for number, findings in found.items():
        piece = pieces[number]
        pointer = piece.span.pointer
        if is_untouchable(piece.span.key, pointer, piece.text) or (wanted is not None and not wanted(pointer)):
            continue
        hits += [Hit(finding.detector, finding.kind, pointer) for finding in findings]
        new = replaced(piece.text, findings, replace)
        if new != piece.text:
            changed.append((piece.span.start, piece.span.end, encode_string(new, data)))
    return (splice(data, changed) if changed else data), hits


def redact_text(text: str, find: Find, replace: Replace) -> tuple[str, list[Hit]]:
    """The same for a text."""
    findings = find(text)
    return replaced(text, findings, replace), [Hit(finding.detector, finding.kind, "") for finding in findings]


def replaced(text: str, findings: Iterable[Finding], replace: Replace) -> str:
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts += (text[at : finding.start], replace(finding, text[finding.start : finding.end]))
        at = finding.end
    return "".join(parts) + text[at:]


def is_untouchable(key: str, pointer: str, text: str) -> bool:
    """Whether a string is an identifier, signed, encrypted, or the data of an image or file."""
    if key in SIGNED:
        return True
    return key in _BLOBS and (text.startswith("data:") or "/source/" in pointer or "nline" in pointer or "/image" in pointer)


def _gather(data: bytes) -> tuple[list[Piece], str]:
    pieces: list[Piece] = []
    parts: list[str] = []
    at = 0
    for span in strings(data):
        raw = data[span.start : span.end]
        text = raw[1:-1].decode("utf-8", "replace") if b"\\" not in raw else _decoded(raw)
        before = ""
        if len(text) <= MAX_NAMED and (key := span.key) and is_secret_name(key):
            before = f'{key}": "'
        pieces.append(Piece(span, text, at + len(before)))
        parts += (before, text, '"' if before else "", _BETWEEN)
        at += len(before) + len(text) + bool(before) + len(_BETWEEN)
    return pieces, "".join(parts)


def _decoded(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeError):
        text = loads(raw)  # half a surrogate pair
        return text if isinstance(text, str) else ""
