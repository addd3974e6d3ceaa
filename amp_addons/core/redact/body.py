"""Secrets in a request's body, found and replaced in place: in JSON only the bytes of the strings that hold one change.

All strings of a body are searched as one text, which costs a fraction of one search each. A short value goes behind its key, so that
`{"password": "…"}` is seen for what it is.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from amp_addons.core.json_edit import splice
from amp_addons.core.json_strings import StringSpan, encode_string, keyed_strings, strings
from amp_addons.core.json_text import key_text
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
_BLOB_PLACE = re.compile(r"/source/|nline_?[dD]ata/|/image|/file/")
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*+=*")
_TOOL = re.compile(r"/content/\d+/input/|/function_?[cC]all/args/|/function_?[rR]esponse/response/")
_ESCAPE = re.compile(r"\\(?:\\|u00(2[dD]|3[0-9]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aA]))")
"""A letter, digit, `-` or `_` in the spelling of JSON. Backslashes that are escaped come in pairs."""
_BETWEEN = "\n\0\n"


class Hit(NamedTuple):
    """What was found: which detector, of which kind, and where (a JSON pointer, or nothing for a plain text)."""

    detector: str
    kind: str
    where: str


class Gathered(NamedTuple):
    """All strings of a body as one text. `named` has what stands around those that stand behind their key, by their number."""

    text: str
    texts: list[str]
    named: dict[int, str]


class Piece(NamedTuple):
    """One string of a body: where its value stands in the text that is searched, and what stands before it there for its key."""

    span: StringSpan
    text: str
    start: int
    before: str


def redact_json(data: bytes, find: Find, replace: Replace, wanted: Callable[[str], bool] | None = None) -> tuple[bytes, list[Hit]]:
    """A JSON body (`json_problem.problem_of` has nothing against it) with its secrets replaced, and what was found.

    `wanted` chooses strings by their JSON pointer. Raises ValueError past the limits of what it uses.
    """
    read = _gather(data, find)
    findings = find(read.text)
    if not findings:
        return data, []  # the way of most bodies: where their strings stand need not be known
    pieces = _pieces(data, read)
    found = _by_piece(pieces, findings, find)
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


def restored(data: bytes, change: Callable[[str, str], str]) -> bytes:
    """A JSON body whose strings went through `change`, by pointer and text, but for those that are never changed."""
    changed: list[tuple[int, int, bytes]] = []
    for span in strings(data):
        text, pointer = _text(data[span.start : span.end]), span.pointer
        if not is_untouchable(span.key, pointer, text) and (new := change(pointer, text)) != text:
            changed.append((span.start, span.end, encode_string(new, data)))
    return splice(data, changed) if changed else data


def _by_piece(pieces: Sequence[Piece], findings: Iterable[Finding], find: Find) -> dict[int, list[Finding]]:
    """Findings by the number of their piece, with their places in it.

    One over several strings is only believed within one array, where a key may stand line by line; other strings have nothing to do with
    each other, and what each holds is looked for in it alone.
    """
    starts = [piece.start for piece in pieces]
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        first, last = max(bisect_right(starts, finding.start) - 1, 0), bisect_right(starts, finding.end - 1) - 1
        # A finding that begins with the key is about the value.
        first += first < last and finding.start >= pieces[first].start + len(pieces[first].text)
        arrays = {_array(piece) for piece in pieces[first : last + 1]} if first < last else {""}
        alone = len(arrays) > 1 or None in arrays
        for number in range(first, last + 1):
            piece = pieces[number]
            start, end = max(finding.start - piece.start, 0), min(finding.end - piece.start, len(piece.text))
            inside = _alone(piece, find) if alone else [msgspec.structs.replace(finding, start=start, end=end)] if start < end else []
            if inside:
                known = found.setdefault(number, [])
                known += [each for each in inside if not known or each.start >= known[-1].end]
    return found


def _alone(piece: Piece, find: Find) -> list[Finding]:
    """What a string holds by itself, behind its key."""
    size, end = len(piece.before), len(piece.text)
    found = find(f'{piece.before}{piece.text}"' if size else piece.text)
    places = [(max(each.start - size, 0), min(each.end - size, end), each) for each in found]
    return [msgspec.structs.replace(each, start=start, end=stop) for start, stop, each in places if start < stop]


def _array(piece: Piece) -> str | None:
    """The pointer of the array that a string is an item of."""
    return None if piece.span.key else piece.span.pointer.rpartition("/")[0]


def redact_text(text: str, find: Find, replace: Replace) -> tuple[str, list[Hit]]:
    """The same for a text."""
    text = spelled_out(text, find)
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
    """Whether a string is an identifier, signed, encrypted, or the data of an image or file. What a tool gets or gives is none."""
    if _TOOL.search(pointer):
        return False
    if key in SIGNED:
        return True
    return key in _BLOBS and (_is_data_url(text) or (bool(_BLOB_PLACE.search(pointer)) and _BASE64.fullmatch(text) is not None))


def _is_data_url(text: str) -> bool:
    head, comma, body = text.partition(",")
    return head.startswith("data:") and bool(comma) and head.endswith(";base64") and _BASE64.fullmatch(body) is not None


def _gather(data: bytes, find: Find) -> Gathered:
    pairs = keyed_strings(data)
    texts = _texts([raw for _, raw in pairs])
    texts = [spelled_out(text, find) if "\\u00" in text else text for text in texts]
    secret = {key: text for key in {key for key, _ in pairs if key} if is_secret_name(text := key_text(key))}
    named = {at: secret[key] for at, (key, _) in enumerate(pairs) if key in secret and len(texts[at]) <= MAX_NAMED} if secret else {}
    parts = texts
    if named:
        parts = texts.copy()
        for at, key in named.items():
            parts[at] = f'{_before(key)}{texts[at]}"'
    return Gathered(_BETWEEN.join([*parts, ""]), texts, named)


def _before(key: str) -> str:
    return f'{key}": "'


def _pieces(data: bytes, read: Gathered) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for number, (span, text) in enumerate(zip(strings(data), read.texts, strict=True)):
        before = _before(read.named[number]) if number in read.named else ""
        pieces.append(Piece(span, text, at + len(before), before))
        at += len(before) + len(text) + bool(before) + len(_BETWEEN)
    return pieces


def _texts(quoted: list[bytes]) -> list[str]:
    try:
        return msgspec.json.decode(b"[" + b",".join(quoted) + b"]", type=list[str])
    except (msgspec.DecodeError, UnicodeError):
        return [_text(raw) for raw in quoted]  # half a surrogate pair


def _text(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw[1:-1].decode("utf-8", "replace")
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeError):
        text = loads(raw)  # half a surrogate pair
        return text if isinstance(text, str) else ""


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[0]


def spelled_out(text: str, find: Find) -> str:
    """A text that holds JSON as text, its letters no longer spelled as escapes if that hides a secret; else as it is."""
    if "\\u00" not in text or (plain := _ESCAPE.sub(_letter, text)) == text:
        return text
    return plain if len(find(plain)) > len(find(text)) else text
