"""Whole messages without secrets, to be kept or shown: what counts at rest, always (DESIGN promise 3).

By name where there is one (headers, query keys, keys of JSON), by detector everywhere, after content codings and JSON escapes are undone;
a text that came in deltas is put together before it is judged. What cannot be read is left out rather than kept.
"""

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote, unquote

from amp_addons.core.encoding import decode_body, encode_body
from amp_addons.core.exchange import Headers
from amp_addons.core.json_edit import splice
from amp_addons.core.json_problem import problem_of
from amp_addons.core.json_strings import encode_string, strings
from amp_addons.core.redact.body import is_untouchable, redact_json, spelled_out
from amp_addons.core.redact.deltas import mask_deltas
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.rules.credential import is_credential_name
from amp_addons.core.scrub import MASK, is_secret_name, mask_keys

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a decoded body that are looked through; what is larger is left out."""

LEFT_OUT = b"(left out: it could not be read)"

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
_SHORT = 512
"""Bytes of a string that may be a key: longer ones are signed or encrypted, and have anything in them."""
_SEPARATOR = re.compile("([&;])")
_FORM = re.compile(r"[\w.%+*-]+=[^&\s]*(?:&[\w.%+*-]+=[^&\s]*)*", re.ASCII)

type Where = tuple[str, str]
"""Where something was found (`request header`, `response body`, …), and of which kind it is."""


class Scrubber:
    """Scrubs the parts of messages. `found` counts what was masked, by place and kind; values are in nothing of it."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.found: Counter[Where] = Counter()

    def text(self, text: str, where: str) -> str:
        """A text of any kind."""
        try:
            masked = self._redactor.mask(text)
        except ValueError:  # more secrets than are counted
            self.found[where, "unreadable"] += 1
            return MASK
        self._note(where, masked.findings)
        coarse = mask_keys(masked.text)
        if coarse != masked.text:
            self.found[where, "credential"] += 1
        return coarse

    def headers(self, headers: Headers, where: str) -> Headers:
        return tuple((name, self._header(name, value, where)) for name, value in headers)

    def target(self, target: str, where: str) -> str:
        """A URL or request target: secret query values, user info, and what looks like a key wherever it stands."""
        head, mark, query = target.partition("?")
        scheme, slashes, rest = head.partition("://")
        authority, slash, path = rest.partition("/")
        if slashes and "@" in authority and not authority.startswith(f"{MASK}@"):
            self.found[where, "credential"] += 1
            head = f"{scheme}://{MASK}@{authority.rpartition('@')[2]}{slash}{path}"
        head = "/".join(self._part(part, where) for part in head.split("/"))
        return head + mark + self._pairs(query, where)

    def _pairs(self, query: str, where: str) -> str:
        """Some servers read `a=1;b=2` as two pairs."""
        return "".join(part if part in ("&", ";") else self._pair(part, where) for part in _SEPARATOR.split(query))

    def body(self, data: bytes, where: str, *, coding: str = "", api: str | None = None, stream: bool = False) -> bytes:
        """A body in its content coding (`coding`, as the header says); `stream`: server-sent events. It may be cut off."""
        if not data:
            return data
        plain = decode_body(data, coding, MAX_BODY) if coding else data if len(data) <= MAX_BODY else None
        if is_cut := bool(coding) and plain is None:
            plain = decode_body(data, coding, MAX_BODY, whole=False)
        if plain is None:
            self.found[where, "unreadable"] += 1
            return LEFT_OUT if not coding else encode_body(LEFT_OUT, _known(coding))
        try:
            clean = self._plain(plain, where, api, stream)
        except ValueError:  # more secrets or levels than are looked at
            self.found[where, "unreadable"] += 1
            clean = LEFT_OUT
        # What a coding's last block has is not seen before the block is whole, and may stand there as it is.
        return data if clean == plain and not is_cut else encode_body(clean, coding)

    def _plain(self, plain: bytes, where: str, api: str | None, stream: bool) -> bytes:
        if problem_of(plain) is None:
            return self._json(plain, where)
        if stream:
            plain = self._events(plain, where, api)
        plain = b"".join(self._line(line, where) for line in plain.splitlines(keepends=True))
        if b"\0" in plain and self._redactor.find(plain.replace(b"\0", b"").decode("latin-1")) != self._redactor.find(
            plain.decode("latin-1")
        ):
            self.found[where, "unreadable"] += 1
            return LEFT_OUT  # UTF-16, or a key with a NUL between every two letters
        try:
            text = plain.decode()
            if _FORM.fullmatch(text):
                return self._pairs(text, where).encode()
            return self.text(spelled_out(text, self._redactor.find), where).encode()
        except UnicodeError:
            # Bytes of any kind: keys in them are ASCII.
            return self.text(plain.decode("latin-1"), where).encode("latin-1", "replace")

    def _line(self, line: bytes, where: str) -> bytes:
        """A line that is JSON, alone (NDJSON) or as the data of an event."""
        head = b"data:" if line.startswith(b"data:") else b""
        text = line[len(head) :].strip()
        if text[:1] not in (b"{", b"[") or problem_of(text) is not None:
            return line
        return line.replace(text, self._json(text, where), 1)

    def _json(self, data: bytes, where: str) -> bytes:
        data, hits = redact_json(data, self._redactor.find, _masked)
        self.found.update((where, hit.kind) for hit in hits)
        named = []
        for span in strings(data):
            if (
                (key := span.key)
                and is_secret_name(key)
                and span.end - span.start > 2
                and data[span.start + 1 : span.end - 1] != MASK.encode()
            ):
                if not is_untouchable(key, "", ""):
                    named.append((span.start, span.end, encode_string(MASK, data)))
        self.found.update([(where, "named")] * len(named))
        return self._keys(splice(data, named) if named else data, where)

    def _keys(self, data: bytes, where: str) -> bytes:
        """What is left in short strings that has the shape of a known key: keys of objects, and identifiers that none should be in."""

        def masked(found: re.Match[bytes]) -> bytes:
            if len(found[0]) > _SHORT:
                return found[0]
            text = found[0].decode()
            if (clean := mask_keys(text[1:-1])) == text[1:-1]:
                return found[0]
            self.found[where, "credential"] += 1
            return f'"{clean}"'.encode()

        return _STRING.sub(masked, data)

    def _events(self, plain: bytes, where: str, api: str | None) -> bytes:
        clean, findings = mask_deltas(plain, api, self._redactor, _masked)
        self._note(where, findings)
        return clean

    def _header(self, name: bytes, value: bytes, where: str) -> bytes:
        if is_credential_name(name.decode("latin-1").lower()) and value not in (b"", MASK.encode()):
            self.found[where, "credential"] += 1
            return MASK.encode()
        text = value.decode("utf-8", "surrogateescape")
        clean = self.text(text, where)
        return value if clean == text else clean.encode("utf-8", "surrogateescape")

    def _pair(self, pair: str, where: str) -> str:
        name, equals, value = pair.partition("=")
        if equals and value not in ("", MASK) and is_secret_name(unquote(name)):
            self.found[where, "credential"] += 1
            return f"{name}={MASK}"
        return self._part(name, where) + (f"={self._part(value, where)}" if equals else "")

    def _part(self, part: str, where: str) -> str:
        plain = unquote(part)
        clean = self.text(plain, where)
        return part if clean == plain else clean if plain == part else quote(clean, safe="*")

    def _note(self, where: str, findings: Iterable[Finding]) -> None:
        self.found.update((where, finding.kind) for finding in findings)


def _masked(_finding: Finding, _secret: str) -> str:
    return MASK


def _known(coding: str) -> str:
    try:
        encode_body(b"", coding)
    except ValueError:
        return ""
    return coding
