from msgspec.structs import replace

from amp_addons.core.conversation.change import change, common, key_of, outline
from amp_addons.core.conversation.parts import Conversation, Message, Text, Tool, ToolCall

A, B, C, X = (Message("user", (Text(text),)) for text in "abcx")
BEFORE = Conversation(
    api="openai-chat", model="m", system=("s",), messages=(A, B), tools=(Tool("r"), Tool("w")), settings={"max_tokens": "5"}
)


def between(**changes):
    return change(outline(BEFORE), outline(replace(BEFORE, **changes)))


def test_who_only_adds_keeps_the_cache():
    found = between(messages=(A, B, C))
    assert (found.kept, found.replaced, found.added) == (2, 0, 1) and not found.breaks_cache
    assert not between().breaks_cache and not between(settings={"max_tokens": "6"}).breaks_cache


def test_who_rewrites_or_removes_loses_it():
    assert (lambda f: (f.kept, f.replaced, f.added, f.breaks_cache))(between(messages=(A, X, C))) == (1, 1, 2, True)
    assert (lambda f: (f.kept, f.replaced, f.added, f.breaks_cache))(between(messages=(A,))) == (1, 1, 0, True)
    assert between(system=("other",)).breaks_cache and between(system=("other",)).system
    assert between(model="n").model == ("m", "n") and between(model="n").breaks_cache


def test_tools_by_name():
    found = between(tools=(Tool("w", "changed"), Tool("new")))
    assert (found.tools_added, found.tools_removed, found.tools_changed) == (("new",), ("r",), ("w",)) and found.breaks_cache
    moved = between(tools=(Tool("w"), Tool("r")))
    assert moved.tools_moved and moved.breaks_cache and not moved.tools_added


def test_settings_before_and_after():
    assert between(settings={"top_p": "1"}).settings == (("max_tokens", "5", None), ("top_p", None, "1"))


def test_keys_are_alike_exactly_when_messages_are():
    assert key_of(A) == key_of(Message("user", (Text("a"),))) != key_of(Message("model", (Text("a"),)))
    huge = Message("model", (ToolCall("", "f", {"n": 10**400}),))
    assert key_of(huge) == key_of(Message("model", (ToolCall("", "f", {"n": 10**400}),))) != key_of(A)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert key_of(Message("model", (ToolCall("", "f", deep),)))


def test_common_beginning():
    assert common("abc", "abd") == 2 and common("", "a") == 0 and common("ab", "ab") == 2
