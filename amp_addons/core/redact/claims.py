"""Who decides about a value that a general detector found: the detector that knows its kind, where there is one.

`sk_live_1234` is no key of Stripe's, and `deepgram_key = 12` none of Deepgram's: they are what manuals, tests and messages say. The
detector that knows the kind has looked at them as well; what it did not take, a general one leaves alone.
"""

import re
from collections.abc import Iterable
from itertools import groupby

import ahocorasick_rs

from amp_addons.core.redact.detector import MAX_KEYWORD, Detector

_MARKS = "_-."
"""What a prefix has to end with, or have, to be one that nothing else begins with."""
_COMMON = frozenset({"key-", "api-", "secret_", "pat.", "1//0", "sid=", "dt="})
"""Beginnings that mean nothing by themselves."""


_WORDS = frozenset(
    """
    access_token private_key privatekey priv_key drone particle render session_token sessiontoken security-token securitytoken
    security_token secret_key secretkey secret_access_key secretaccesskey storage accountkey kafka sharedaccesskey
    aws azure alibaba aliyun ibm bluemix softlayer yandex cloudflare cf_api okta railway
    """.split()
)
"""Keywords that are no service's name, and services that give more kinds of keys than the detectors know."""
_KEY = re.compile(rb"key|token")
_PASSWORD = re.compile(rb"pass|secret|pwd")
"""A service's keys have a form; passwords have none."""


class Claims:
    """The beginnings of keys, and the names of services, that detectors know."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        known = [detector for detector in detectors if not detector.yields]
        prefixes = {word for one in known if one.starts and not one.near for word in one.keywords} - _COMMON
        self._prefixes = frozenset(word.encode() for word in prefixes if any(mark in word for mark in _MARKS))
        self._least = min(map(len, self._prefixes), default=0)
        heads = groupby(sorted(self._prefixes), lambda word: word[: self._least])
        self._by_head = {head: tuple(words) for head, words in heads}
        services = {word for one in known if one.near for word in one.keywords} - _WORDS
        self._services = ahocorasick_rs.BytesAhoCorasick([word.encode() for word in sorted(services)])

    def is_open(self, data: bytes, start: int) -> bool:
        """Whether what comes after the end of `data` can still make a value another detector's."""
        head = data[start : start + MAX_KEYWORD].lower()
        return len(data) - start < MAX_KEYWORD and any(len(word) > len(head) and word.startswith(head) for word in self._prefixes)

    def claim(self, data: bytes, start: int, end: int) -> bool:
        """Whether another detector is the one to decide about the value."""
        head = data[start : start + MAX_KEYWORD].lower()
        if head.startswith(self._by_head.get(head[: self._least], ())):
            return True
        line = data[max(0, start - MAX_KEYWORD) : start].lower().rpartition(b"\n")[2]
        if data[start:end].isdigit() or not _KEY.search(line) or _PASSWORD.search(line):
            return False
        return bool(self._services.find_matches_as_indexes(line))
