"""What must not be shown or kept: credentials by header name, query key and key shape, and characters that steer a terminal.

This is the coarse net, cheap enough for every flow; `deepen` adds the detectors. It errs towards hiding: a whole value goes, never a part.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

MASK = "***"

MAX_TEXT = 4096
"""Longest text of the traffic kept in an event (characters): twice what browsers and servers commonly take for a URL."""

SECRET_HEADERS = frozenset(
    """
    authorization proxy-authorization x-api-key x-goog-api-key api-key x-auth-token x-access-token x-amz-security-token x-csrf-token
    x-gitlab-token private-token cookie set-cookie sec-websocket-protocol x-amp-installation-id x-amp-device-fingerprint
    """.split()
)
"""Header names (lower case) whose values never leave: credentials, and the two of Amp that identify a person."""

MAX_SEEN = 4 * MAX_TEXT
"""Longest text looked at. A key is masked before the text is cut, so that none is cut into a piece that is no key any more."""

# The shapes of keys that are known by their first characters. Every alternative is linear: no nested repetition.
_KEY_SHAPE = re.compile(
    r"""(?x)
    sgamp_\w+                                              # Amp
    | \b(?: sk | rk | pk | csk | xai | gsk | fw | pplx | nvapi | lin_api | tvly | r8 | dop_v1 | tgp_v1 )[-_][\w-]{14,}  # models, Stripe
    | \b(?: gh[pousr] | github_pat | glpat | npm | hf | pypi | figd | shpat | dckr_pat )[-_][\w-]{16,}           # code hosts, registries
    | \bxox[abeoprs]-[\w-]{10,} | \bAIza[\w-]{30,} | \bya29\.[\w-]{20,} | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*                    # JSON Web Token
    | \b(?i:bearer|basic)\s+(?!-----BEGIN)[\w.~+/=-]{8,}  # a PEM block is the next alternative's, to its end
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?: -----END\ [A-Z ]*PRIVATE\ KEY----- | \Z )
    """
)
_SECRET_WORD = re.compile(
    r"token|secret|passw|api_?key|private_?key|access_?key|credential|signature|session|jwt|auth(?!ors?\b|ors?_|ored|oring)|^(?:key|sig|code|pwd|pass|sid|ticket|otp)$"
)
_SEPARATOR = re.compile(r"([&;])")
_USERINFO = re.compile(r"(?<=://)[^/?#@]*@")
# C0 and C1 controls, DEL, line separators, bidirectional and zero-width formatting, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Make characters that could steer a terminal or reorder a line visible as escapes (THREATS 1)."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Deeper:
    """What else masks, once it is there: the detectors, which this module knows nothing of."""

    mask: Callable[[str], str] | None = None


def deepen(mask: Callable[[str], str] | None) -> None:
    """From now on have every text that is shown or kept masked by `mask` as well (by the detectors); None: no longer."""
    _Deeper.mask = mask
    scrub_text.cache_clear()
    scrub_url.cache_clear()


def mask_keys(text: str) -> str:
    """Replace everything in `text` that has the shape of a known key, or that a detector finds."""
    text = _KEY_SHAPE.sub(MASK, text)
    if _Deeper.mask is None:
        return text
    try:
        return _Deeper.mask(text)
    except ValueError:  # more findings than are counted
        return MASK


def key_spans(text: str) -> list[tuple[int, int]]:
    """Where something stands that has the shape of a known key."""
    return [found.span() for found in _KEY_SHAPE.finditer(text)]


@lru_cache(maxsize=1024)
def scrub_text(text: str) -> str:
    """A short text of the traffic (a model, an event name, an error) made fit to be shown and kept."""
    return _cut(visible(mask_keys(text[:MAX_SEEN])))


@lru_cache(maxsize=1024)
def scrub_url(url: str) -> str:
    """The URL without user info, without the values of secret query keys, and without anything that looks like a key."""
    head, mark, query = url[:MAX_SEEN].partition("?")
    head = _scrub_path(_USERINFO.sub(f"{MASK}@", head, count=1))
    if mark:
        query = "".join(map(_scrub_pair, _SEPARATOR.split(query)))
    return _cut(visible(head + mark + query))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _scrub_path(path: str) -> str:
    if "%" in path:
        return "/".join(MASK if "%" in part and _KEY_SHAPE.search(unquote(part)) else mask_keys(part) for part in path.split("/"))
    return mask_keys(path)


def _scrub_pair(pair: str) -> str:
    """`name=value` with the value masked when the name says it is secret, or the value looks it. A bare name stays."""
    name, equals, value = pair.partition("=")
    if value and is_secret_name(unquote(name)):
        return f"{mask_keys(name)}={MASK}"
    plain = unquote(pair)
    if plain != (masked := mask_keys(plain)):
        return masked if "%" not in pair else f"{mask_keys(name)}{equals}{MASK}" if equals else MASK
    return pair


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a query key or JSON key names a credential: `access_token`, `rvt-token`, `X-Amz-Signature`, `key`, …"""
    return _SECRET_WORD.search(name.lower().replace("-", "_")) is not None
