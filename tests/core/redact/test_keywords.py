from hypothesis import given
from hypothesis import strategies as st

from amp_addons.core.redact.keywords import ANYWHERE, APART, NEVER, Node

WORDS = st.lists(st.text("ab-", min_size=1, max_size=5), min_size=1, max_size=8, unique=True)


@given(WORDS, st.text("ab-c", max_size=40))
def test_what_ends_and_what_has_begun_at_every_place(words: list[str], text: str) -> None:
    node = root = Node.root_of({word.encode(): APART for word in words})
    for end, byte in enumerate(text.encode(), 1):
        node = node[byte]
        read = text[:end]
        assert {word.decode() for word in node.ends} == {word for word in words if read.endswith(word)}
        assert node.depth == max(size for size in range(end + 1) if any(word.startswith(read[end - size :]) for word in words))
        held = [size for size in range(1, end + 1) if any(len(word) > size and word.startswith(read[end - size :]) for word in words)]
        assert (node.holds.depth if node.holds else 0) == max(held, default=0)
    assert root[0xFF] is root


def test_when_a_beginning_is_held() -> None:
    root = Node.root_of({b"abc": APART, b"abd": ANYWHERE, b"xy": NEVER})
    assert root[ord("a")].hold == ANYWHERE
    assert root[ord("x")].holds is None
    assert Node.root_of({b"abc": APART})[ord("a")].hold == APART
