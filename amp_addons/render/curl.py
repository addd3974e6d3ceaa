"""A request as a line for curl, without credentials, that can be pasted into a shell as it is (THREATS 7).

Everything of the traffic is one quoted word, in no place in which curl would read a file's name, an option or a pattern in it.
"""

import json
import re
import shlex
from collections.abc import Callable, Sequence

from amp_addons.core.exchange import Headers
from amp_addons.core.payload import loads
from amp_addons.core.rules.credential import is_credential
from amp_addons.core.scrub import MASK, visible

MAX_BODY = 64 * 1024
"""Bytes of a body that stands in the line: shells and systems take words of 128 KiB."""

_OWN = frozenset(("host", "content-length", "transfer-encoding", "connection", "proxy-connection", "keep-alive", "te", "upgrade", "expect"))
"""Headers that curl makes itself, or that are about the connection."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def curl_line(
    method: str, url: str, headers: Headers, body: bytes | None, clean: Callable[[Headers], Headers], *, body_note: str = ""
) -> tuple[str, Sequence[str]]:
    """The line, and sentences on what is not in it. `url` and `body` come scrubbed and without coding, `clean` scrubs headers."""
    words, left_out = ["curl"], []
    if method != ("POST" if body else "GET"):
        words += ["-X", method] if method != "HEAD" else ["--head"]
    words += ["--globoff", "--no-buffer"]  # brackets are no patterns; events as they come
    for name, value in headers:
        called, lower = name.decode("latin-1"), name.decode("latin-1").lower()
        if lower in _OWN or lower.startswith(":") or lower in ("accept-encoding", "content-encoding"):
            continue
        [(_, kept)] = clean(((name, value),))
        text = kept.decode("utf-8", "replace")
        if not _TOKEN.fullmatch(called) or is_credential(name, value) or kept != value or visible(text) != text:
            left_out.append(called)
        else:
            words += ["-H", f"{called}: {text}" if text else f"{called};"]  # how curl is told of an empty one
    if any(name.lower() == b"accept-encoding" for name, _ in headers):
        words.append("--compressed")
    notes = []
    if left_out:
        names = dict.fromkeys(name if _PLAIN.fullmatch(name) else "a header with an unusual name" for name in left_out)
        notes.append(f"headers left out, which are credentials or hold one: {', '.join(names)}")
    text_of_body = _body(body) if body else ""
    if text_of_body is None:
        body_note = f"the body of {len(body or b''):,} bytes is left out: it is too large, or not text"
    elif text_of_body:
        words += ["--data-raw", text_of_body]  # `--data` would take what begins with @ for a file's name
    if body_note:
        notes.append(body_note)
    if MASK in url or (text_of_body and MASK in text_of_body):
        notes.append("*** stands for what was masked")
    return shlex.join([*words, "--", _harmless(url)]), notes


def _body(body: bytes) -> str | None:
    """A body as text that shows all that is in it; JSON is written with escapes for what cannot be seen."""
    if len(body) > MAX_BODY:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if not any(visible(line) != line for line in text.split("\n")):
        return text
    value = loads(text)
    return None if value is None else json.dumps(value)


def _harmless(url: str) -> str:
    """A URL that steers no terminal."""
    return "".join(
        each if each.isprintable() and each != " " else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace")) for each in url
    )
