"""Text filters to test channels with, and answers cut into pieces as a test wants them."""

import json
from itertools import chain, pairwise

from hypothesis import strategies as st

from amp_addons.core.answers.channels import TextChannels

WORD, NEW = "the proxy", 'a "new"\\word\n\u20ac'
"""What `Swap` looks for, and what it puts there: with all that needs an escape."""


class Same:
    def feed(self, text):
        return text

    def flush(self):
        return ""


class Upper(Same):
    def feed(self, text):
        return text.upper()


class Held:
    """Holds back the last `size` characters, and shouts."""

    def __init__(self, size=5):
        self.size = size
        self.text = ""

    def feed(self, text):
        self.text += text
        at = max(len(self.text) - self.size, 0)
        out, self.text = self.text[:at], self.text[at:]
        return out.upper()

    def flush(self):
        out, self.text = self.text, ""
        return out.upper()


class Swap:
    """Puts NEW for WORD; holds what may become WORD."""

    def __init__(self):
        self.text = ""

    def feed(self, text):
        self.text = (self.text + text).replace(WORD, NEW)
        size = next((size for size in range(len(WORD) - 1, 0, -1) if self.text.endswith(WORD[:size])), 0)
        at = len(self.text) - size
        out, self.text = self.text[:at], self.text[at:]
        return out

    def flush(self):
        out, self.text = self.text, ""
        return out


def swapped(value):
    """A JSON value with WORD swapped in every string that is no key."""
    if isinstance(value, str):
        return value.replace(WORD, NEW)
    if isinstance(value, list):
        return [swapped(item) for item in value]
    return {key: swapped(item) for key, item in value.items()} if isinstance(value, dict) else value


def cut(whole, places):
    """Text or bytes, cut at these places; some pieces may be empty."""
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(edges)]


texts = st.lists(st.sampled_from([WORD, "the ", "the", "proxy", '"', "\\", "\n", "é", "🚀", "</b>", "{", "a", "\x00"]), max_size=12).map(
    "".join
)
"""Texts that have WORD, or what may become it, and all that JSON spells in a way of its own."""

places = st.lists(st.integers(0, 10_000), max_size=8)


def through(transform, pieces):
    """What comes out of a transform, which never gives an empty piece."""
    out = [*chain.from_iterable(map(transform.feed, pieces)), *transform.close()]
    assert b"" not in out
    return b"".join(out)


def shouted(payload):
    """A payload in which every `yes` is said aloud, as `Upper` does to the texts; what must stay says no."""
    return json.loads(json.dumps(payload).replace("yes", "YES"))


def heard(api, *payloads):
    """What `Upper` makes of events, and what it could not look into."""
    channels = TextChannels(api, lambda kind: Upper())
    out = through(channels, [b"data: %b\n\n" % json.dumps(payload).encode() for payload in payloads])
    return [json.loads(line[6:]) for line in out.split(b"\n") if line], channels.unseen


def heard_whole(api, body):
    channels = TextChannels(api, lambda kind: Upper())
    return json.loads(through(channels, [json.dumps(body).encode()])), channels.unseen
