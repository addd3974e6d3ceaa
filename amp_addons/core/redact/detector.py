"""A detector: words that betray a kind of secret cheaply, and the pattern that confirms it near them."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import re2  # type: ignore[import-untyped]

from amp_addons.core.endpoint import Id
from amp_addons.core.fields import FieldError
from amp_addons.core.redact import checks, extent
from amp_addons.core.redact.entropy import entropy
from amp_addons.core.redact.looks import is_filler, names_no_secret
from amp_addons.core.redact.width import MAX_WIDTH, width

MAX_KEYWORD = 64
"""Longest keyword (characters). One of three or more is best: shorter ones stand everywhere, and each place is looked at."""
MAX_KEYWORDS = 1000
"""Most keywords of one detector."""
MAX_PATTERN = 4096
"""Longest pattern (characters): ten times the longest that ships."""
RE2_MEMORY = 2 * 1024 * 1024
"""Most memory that RE2 may take for one pattern (bytes); past it RE2 gets slower, not wrong. Its own default is four times this."""

LONG = 32
LONG_ENTROPY = 2.8
"""Least bits a character of a secret of this length or more, where its detector does not say: of random hexadecimal digits one in a
hundred thousand has less."""

SECRET = "secret"

_LEFT = r"(?:^|[^0-9A-Za-z]|\\[nrt]|%[0-9A-Fa-f]{2})"
"""What must stand before a match that does not begin with its keyword; `stands_apart` says the same of a place. A letter is none where it
is the end of an escape: `\\n` in JSON inside of JSON, `%3D` in a URL."""
_RIGHT = {"token": r"(?:$|[^0-9A-Za-z_-])", "word": r"(?:$|[^0-9A-Za-z])", "left": "", "none": ""}
"""What must stand after a match. RE2 has no look-around, so it is matched too."""
WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_BACKSLASH, _PERCENT = b"\\%"
_ESCAPED = frozenset(b"nrt")

_NEAR = (
    r"(?i:{words})(?:[0-9A-Za-z_. -]{{0,32}}[\"'`\])]{{0,2}}[ \t]{{0,3}}(?:[:.?|!=]{{0,3}}[=:]>?|,|>|=>)|[ \t_.:-]|[\w -]{{0,24}}[ _-])"
    + (r"\s{{0,8}}\\{{0,2}}[\"'`]{{0,2}}(?P<secret>{value})")
)
"""A value that has no look of its own, with the name of its service before it: `{words}_token = "{value}"` and the like."""

type Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z", description="16 hexadecimal digits")]
type Kind = Literal["cloud", "model", "code-host", "ci", "chat", "payment", "database", "web", "service", "generic", "personal", "custom"]


def _keyword(text: str) -> None:
    if not (0 < len(text) <= MAX_KEYWORD and text.isascii() and text == text.lower()):
        raise ValueError(f"a word of 1 to {MAX_KEYWORD} ASCII characters in lower case (it is found in any case)")


def _pattern(text: str) -> None:
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern of {MAX_PATTERN} characters at most")
    _, most = width(_compile(text).pattern)
    if most is None:
        raise ValueError(
            "a pattern whose matches have a longest length: * and + have none, write {0,200} (a stream has to know how long to wait)"
        )
    if most > MAX_WIDTH:
        raise ValueError(f"a pattern whose matches have {MAX_WIDTH:,} bytes at most (these may have {most:,})")


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = RE2_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "?"
        raise ValueError(f"a pattern that RE2 can read ({reason.decode() if isinstance(reason, bytes) else reason})") from None


type Keyword = Annotated[str, msgspec.Meta(description="a keyword", extra={"check": _keyword})]
type Pattern = Annotated[str, msgspec.Meta(description="a pattern", extra={"check": _pattern})]


type Found = Sequence[tuple[int, int]]
"""Where a match stands, and then its groups; -1 is nowhere."""
type Find = Callable[[bytes, int, int], Found]
"""Looks between two places of a text, neither of them past its end."""


class Shape(NamedTuple):
    """A detector made ready. `match` is for a place where a match has to start, `search` for a stretch; `starts` says whether matches
    start with a keyword, and `apart` whether not right after a letter or digit. `group` is the part of a match that is the secret.
    `before` and `after` say how far around a keyword a match can reach (bytes)."""

    match: Find
    search: Find
    group: int
    starts: bool
    apart: bool
    before: int
    after: int


class Detector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """One kind of secret.

    keywords: found in any case; without one of them the pattern is not tried
    pattern: RE2; what is masked is the group `secret`, or else the whole match
    near: the pattern is that of a value without a look of its own, and counts only right after a keyword (`heroku_token = …`)
    edge: what may stand around a match: `token` no letter, digit, _ or - after it, `word` no letter or digit, `left` anything after it
    run: characters that belong to the secret for as long as they go on after it
    entropy: least bits a character of the secret
    check: what else must hold (`core.redact.checks`)
    begins: each match begins with one of the keywords, though the pattern does not show it
    yields: a value that another detector has to decide about (`core.redact.claims`) is left to that one
    published: values that stand in public documentation or samples: the first 16 digits of their SHA-256, so that they stand nowhere here
    fillers: a value that looks like a filler (`xxxx`, `EXAMPLE`, `<your key>`) is masked as well
    """

    id: Id
    description: str
    keywords: Annotated[tuple[Keyword, ...], msgspec.Meta(min_length=1, max_length=MAX_KEYWORDS)]
    pattern: Pattern
    near: bool = False
    edge: Literal["token", "word", "left", "none"] = "token"
    run: Literal["word", "base64url", "dotted", "value", "quoted", "jwt", "base64", "cookie", "pem"] | None = None
    entropy: float = 0.0
    check: checks.Name | None = None
    begins: bool = False
    yields: bool = False
    published: frozenset[Digest] = frozenset()
    fillers: bool = False
    kind: Kind = "custom"

    @property
    def whole_pattern(self) -> str:
        """The pattern with what may stand around it, and the group `secret`."""
        left = "" if self.starts or self.edge == "none" else _LEFT
        pattern = self.pattern
        if self.near:
            pattern = _NEAR.format(words="|".join(map(re2.escape, self.keywords)), value=pattern)
        elif f"<{SECRET}>" not in pattern:
            pattern = f"(?P<{SECRET}>{pattern})"
        return f"{left}(?:{pattern}){_RIGHT[self.edge]}"

    @cached_property
    def shape(self) -> Shape:
        """Compiled on first use: of the detectors that ship, a text needs few."""
        starts = self.starts
        compiled = _compile(self.whole_pattern)
        most = width(compiled.pattern)[1] or MAX_WIDTH
        group, before = compiled.groupindex[SECRET], 0 if starts else most
        find, anchor = compiled._regexp.Match, re2._Anchor  # RE2's own call: `compiled.match` takes twice the time around it
        match, search = partial(find, anchor.ANCHOR_START), partial(find, anchor.UNANCHORED)
        return Shape(match, search, group, starts, self.apart, before, most)

    @property
    def starts(self) -> bool:
        """Whether every match begins with one of the keywords, as far as is said or can be seen."""
        pattern = self.pattern.removeprefix(f"(?P<{SECRET}>").removeprefix("(?i:").replace("\\", "").lower()
        return self.near or self.begins or pattern.startswith(self.keywords)

    @property
    def apart(self) -> bool:
        """Whether a keyword right after a letter or digit cannot begin a match."""
        return self.edge != "none" and self.starts

    @property
    def max_width(self) -> int:
        """Most bytes that a secret of this kind has, what runs on after it included."""
        return self.shape.after + (extent.MAX_PEM if self.run == "pem" else extent.MAX_RUN if self.run else 0)

    def refuses(self, data: bytes, start: int, end: int) -> bool:
        """Whether what the pattern found is no secret."""
        if self.check is not None and not checks.CHECKS[self.check](data, start, end):
            return True  # first, since it refuses the most
        value = data[start : min(end, start + checks.MAX_VALUE)]
        if not self.fillers and is_filler(value):
            return True
        least = self.entropy or (LONG_ENTROPY if len(value) >= LONG and not self.fillers else 0)
        if least and entropy(value) < least:
            return True
        if self.published and sha256(value).hexdigest()[:16] in self.published:
            return True
        return self.near and names_no_secret(data, start)

    def end(self, data: bytes, end: int) -> int:
        """Where a secret that the pattern left off at `end` ends."""
        if self.run is None:
            return end
        return extent.pem(data, end) if self.run == "pem" else extent.run(data, end, self.run)


def stands_apart(data: bytes, place: int) -> bool:
    """Whether no letter or digit stands before a place, but for the end of an escape."""
    if not place or (last := data[place - 1]) not in WORD:
        return True
    return (place > 1 and data[place - 2] == _BACKSLASH and last in _ESCAPED) or (place > 2 and data[place - 3] == _PERCENT)


class UserDetector(Detector, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """A detector from a file that is not ours: all of it is tried at once, so that a mistake is said at start."""

    def __post_init__(self) -> None:
        for word in self.keywords:
            _keyword(word)
        _pattern(self.pattern)
        if self.pattern.count(f"<{SECRET}>") > (not self.near):
            raise FieldError(
                "pattern", f"a group '{SECRET}' too many", "one at most, and none with near: there the whole value is the secret"
            )
        try:
            shape = self.shape
        except ValueError as error:
            raise FieldError("pattern", "one that does not go with what is put around it", str(error)) from None
        if shape.search(b"", 0, 0)[0][0] >= 0:
            raise FieldError("pattern", "one that matches nothing at all", "one that matches a character at least")
