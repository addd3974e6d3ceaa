"""The part of a stream that is in sight: what is held back, and some of what was let go before it."""

from amp_addons.core.redact.engine import CONTINUATION


class Sight:
    """The text as it came, and its bytes as the engine sees them. Places count bytes from the beginning of the stream."""

    __slots__ = ("base", "data", "end", "out", "passed", "text")

    def __init__(self) -> None:
        self.text, self.data = "", b""
        self.base = self.passed = 0
        """What went before, in bytes and in characters."""
        self.out = self.end = 0
        """How far the stream was let go, and how far it came."""

    @property
    def held(self) -> int:
        """Characters held back."""
        return len(self.text) - self.characters(self.out)

    def add(self, text: str) -> bytes:
        data = text.encode("utf-8", "replace")  # a lone surrogate becomes one `?`: the count of characters stays
        self.data += data
        self.text += text
        self.end += len(data)
        return data

    def take(self, end: int) -> str:
        """Let go up to a place, nothing where that was done. -> the text as it came"""
        if end <= self.out:
            return ""
        text = self.text[self.characters(self.out) : self.characters(end)]
        self.out = end
        return text

    def characters(self, place: int) -> int:
        """How many characters in sight stand before a place."""
        size = place - self.base
        return size if len(self.data) == len(self.text) else len(self.data[:size].translate(None, CONTINUATION))

    def whole(self, place: int) -> int:
        """The place, or the beginning of the character that it is inside of."""
        while self.base < place < self.end and self.data[place - self.base] in CONTINUATION:
            place -= 1
        return place

    def forget(self, floor: int) -> None:
        """Let go of sight what stands before a place."""
        characters = self.characters(floor)
        self.data, self.text = self.data[floor - self.base :], self.text[characters:]
        self.base, self.passed = floor, self.passed + characters
