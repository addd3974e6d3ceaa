"""Keywords in a text that comes in pieces: which end here, and which have begun.

ahocorasick_rs searches texts that are there as a whole and does not tell where it stands; this is the same automaton, byte by byte.
"""

from collections.abc import Mapping
from typing import Self

NEVER, APART, ANYWHERE = 0, 1, 2
"""When the beginning of a keyword is to be held back: never, where no letter or digit stands before it, or in any case."""


class Node(dict[int, "Node"]):
    """What of a keyword was read last. Indexed with the next byte (letters in lower case) it gives the next node."""

    __slots__ = ("depth", "ends", "fail", "hold", "holds")

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.fail: Node | None = None
        """The longest beginning of a keyword that this one ends with."""
        self.ends: tuple[bytes, ...] = ()
        """The keywords that end here."""
        self.hold = NEVER
        self.holds: Node | None = None
        """This node or the next after it by `fail` that holds."""

    def __missing__(self, byte: int) -> "Node":
        self[byte] = node = self if self.fail is None else self.fail[byte]
        return node

    @classmethod
    def root_of(cls, keywords: Mapping[bytes, int]) -> Self:
        """The node before everything, of keywords in lower case and when their beginnings are to be held back."""
        root = cls()
        for word, hold in keywords.items():
            node: Node = root
            for depth, byte in enumerate(word, 1):
                if depth > 1:
                    node.hold = max(node.hold, hold)
                node = node[byte] if byte in node else node.setdefault(byte, cls(depth))
            node.ends = (word,)
        root._link()
        return root

    def _link(self) -> None:
        level: list[Node] = [self]
        while level:
            below = [(node, byte, child) for node in level for byte, child in list(node.items()) if child.depth == node.depth + 1]
            for node, byte, child in below:
                child.fail = self if node.fail is None else node.fail[byte]
                child.ends += child.fail.ends
                child.holds = child if child.hold else child.fail.holds
            level = [child for _, _, child in below]
