"""Where a secret ends that a pattern has only begun: the whole of it has to go, and keys may be longer than a pattern counts."""

import re

MAX_RUN = 16_384
"""Longest run of key characters that belongs to one secret (bytes): the longest tokens in use, with certificates inside, have a half."""
MAX_PEM = 65_536
"""Longest PEM block (bytes): an RSA key of 16,384 bits has 13,000, quoted and escaped twice it has under 30,000."""

# Patterns of ours, each a single class repeated: they cannot be slow.
_RUNS = {
    "value": re.compile(rb"[\w+/=.~|%-]*"),
    "quoted": re.compile(rb"[^\"'`\\\s]*"),
    "word": re.compile(rb"\w*"),
    "base64url": re.compile(rb"[\w=-]*"),
    "dotted": re.compile(rb"[\w.=-]*"),
    "jwt": re.compile(rb"[\w.=/+\\-]*"),
    "base64": re.compile(rb"[\w+/=-]*"),
    "cookie": re.compile(rb"[\w%+/=.-]*"),
}
_END = re.compile(rb"-----END [A-Z0-9 ]{1,40}-----")
_LONGEST_END = len("-----END ") + 40 + len("-----")
_LINE = re.compile(rb"(?:\\+[nrt]|[\s\"'`+,>#*|;\\])*[A-Za-z0-9+/]{4,}={0,2}")


def run(data: bytes, end: int, alphabet: str) -> int:
    """The end of the characters of `alphabet` that go on at `end`."""
    found = _RUNS[alphabet].match(data, end, end + MAX_RUN)
    return found.end() if found else end


def is_open(data: bytes, start: int, end: int, alphabet: str) -> bool:
    """Whether a secret whose pattern left off at `start`, and that ends at `end`, may still become longer by what comes after the data."""
    size = len(data)
    if alphabet != "pem":
        return end == size and end < start + MAX_RUN
    dashes = data.find(b"-----", start, start + MAX_PEM)
    if dashes < 0:
        return size < start + MAX_PEM
    return size < dashes + _LONGEST_END and not _END.match(data, dashes)


def pem(data: bytes, end: int) -> int:
    """The end of the block whose BEGIN line ends at `end`: its END line, or without one the last line that could be of it."""
    limit = min(len(data), end + MAX_PEM)
    dashes = data.find(b"-----", end, limit)
    if dashes >= 0 and (last := _END.match(data, dashes)):
        return last.end()
    limit = dashes if dashes >= 0 else limit
    while line := _LINE.match(data, end, limit):
        end = line.end()
    return end
