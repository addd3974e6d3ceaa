import pytest

from amp_addons.core.conversation.parts import Media, Message, Other, Text, Thinking, ToolCall, ToolResult
from amp_addons.report.blocks import FOLDED, Blocks, Budget, clipped, source, written


@pytest.fixture
def blocks():
    return Blocks(Budget(1_000_000))


def only(blocks, part, role="assistant"):
    [block] = blocks.of(Message(role, (part,)))
    return block


def test_a_model_speaks_markdown_and_a_user_is_quoted(blocks):
    assert only(blocks, Text("**a**")).body == "<p><strong>a</strong></p>\n"
    assert only(blocks, Text("**a** <b>"), "user").body == '<div class="plain">**a** &lt;b&gt;</div>'
    assert blocks.of(Message("user", (Text(" \n"), Thinking("")))) == []


def test_long_texts_of_users_and_thoughts_are_folded(blocks):
    assert only(blocks, Text("a"), "user").is_open and not only(blocks, Text("a" * 3 * FOLDED), "user").is_open
    assert only(blocks, Thinking("a")).is_open and not only(blocks, Thinking("a" * 2 * FOLDED)).is_open
    assert only(blocks, Thinking("", 40)).title == "thinking, encrypted (40 characters)"


def test_code_and_patches_in_what_a_user_wrote():
    assert "<pre" in written("look\n```\nx\n```") and written("a\n@@ -1 +1 @@\n-a\n+b").startswith(
        '<div class="plain">a</div><pre class="diff">'
    )
    assert written("@@ -1 +1 @@\n-a\n+b").startswith("<pre")


def test_an_edit_is_shown_as_what_changes(blocks):
    block = only(blocks, ToolCall("c", "edit_file", {"path": "a.py", "old_str": "x = 1", "new_str": "x = 2", "all": True}))
    assert (block.kind, block.title, block.note) == ("call", "edit_file", "a.py  all=True")
    assert '<span class="del">- x = 1</span>\n<span class="add">+ x = 2</span>' in block.body and "old_str" not in block.body


def test_arguments_short_and_long(blocks):
    block = only(blocks, ToolCall("c", "<b>", {"<i>": "<u>", "code": "a\nb", "list": [1]}))
    assert "<dt>&lt;i&gt;</dt><dd><code>&lt;u&gt;</code></dd><dt>code</dt><dd><pre><code>a\nb</code></pre>" in block.body
    assert (
        only(blocks, ToolCall("c", "f", "ls -l")).body == "<pre><code>ls -l</code></pre>\n"
        and only(blocks, ToolCall("c", "f")).note == "null"
    )


def test_a_result_has_the_name_of_its_call(blocks):
    blocks.of(Message("assistant", (ToolCall("c1", "Read", {}),)))
    block = only(blocks, ToolResult("c1", (Text("1: a\n2: b"), Media("image"), Other("x", "{}")), is_error=True), "user")
    assert (block.title, block.note, block.is_error) == ("Read", "4 lines · 1: a", True) and "(image)" in block.body
    assert only(blocks, ToolResult("c2"), "user").note == "nothing" and only(blocks, ToolResult("c2", (Text("a"),)), "user").note == "a"


def test_media_and_what_is_not_known(blocks):
    assert only(blocks, Media("image", "image/png", 2048, "a.png")).title == "image: image/png, about 2.0 kB, a.png"
    assert (
        only(blocks, Media("image")).title == "image"
        and only(blocks, Other("new", '{"a": "<"}')).body == "<pre><code>{&#34;a&#34;: &#34;&lt;&#34;}</code></pre>\n"
    )


def test_messages_are_compared_part_by_part(blocks):
    before = Message(
        "user",
        (
            Text("a"),
            ToolCall("", "f", {"x": 1}),
            ToolCall("", "f", "x"),
            ToolResult("", (Text("r"), Media("image")), "f"),
            Other("o", "{}"),
            Thinking("t"),
        ),
    )
    after = Message("user", (*before.parts[:5], Thinking("u")))
    found = blocks.difference(before, after)
    assert (found.added, found.removed) == (1, 1) and "call of f" in source(before) and "image" in source(before)


def test_when_the_budget_is_used_up_texts_are_short():
    budget = Budget(1000, short=10)
    blocks = Blocks(budget)
    assert len(only(blocks, Text("a" * 900)).body) > 900 and not budget.is_short
    assert only(blocks, Text("b" * 900)).body == "<p>bbbbbbbbbb[… 890 characters left out]</p>\n" and budget.is_short


def test_clipped():
    assert clipped("abc", 3) == "abc" and clipped("abcd", 3) == "abc…"
