import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.secrets import SECRET, redactor

from amp_addons.core.scrub import deepen
from amp_addons.report.clean import HEAD, TAIL
from amp_addons.report.markdown import is_safe_link, markdown

TAGS = set("p h6 ul ol li blockquote strong em s table thead tbody tr th td hr br pre code span a".split())
ATTRIBUTES = {"a": {"href", "title", "target", "rel"}, "pre": {"data-language", "class"}, "span": {"class"}}


class Seen(HTMLParser):
    """Refuses every tag and attribute that is not expected, and what is not closed."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS and {name for name, _ in attributes} <= ATTRIBUTES.get(tag, set())
        for name, value in attributes:
            assert name != "href" or value.startswith(("http://", "https://"))
        if tag not in ("hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("plain words", "<p>plain words</p>\n"),
        ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>\n"),
        ("**a** *b* `c` ~~d~~", "<p><strong>a</strong> <em>b</em> <code>c</code> <s>d</s></p>\n"),
        ("# a", "<h6>a</h6>\n"),
        ("- a\n- b", "<ul><li>a</li>\n<li>b</li>\n</ul>\n"),
        ("1. a", "<ol><li>a</li>\n</ol>\n"),
        ("> a", "<blockquote><p>a</p>\n</blockquote>\n"),
        ("a\n\n---", "<p>a</p>\n<hr>"),
        ("```python\nx < 1\n```", '<pre data-language="python"><code>x &lt; 1\n</code></pre>\n'),
        ("    code", "<pre><code>code\n</code></pre>\n"),
        ("```diff\n-a\n+b\n```", '<pre class="diff"><code><span class="del">-a</span>\n<span class="add">+b</span></code></pre>\n'),
        ("<b onclick=x>y</b>", "<p>&lt;b onclick=x&gt;y&lt;/b&gt;</p>\n"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"),
        ("[a](javascript:alert)", "<p>[a](javascript:alert)</p>\n"),
        (
            "[a](https://x.example/?b=1&c)",
            '<p><a href="https://x.example/?b=1&amp;c" title="https://x.example/?b=1&amp;c" target="_blank"'
            ' rel="noopener noreferrer nofollow">a</a></p>\n',
        ),
        ("a  \nb & c", "<p>a<br>b &amp; c</p>\n"),
    ],
)
def test_what_is_written_and_what_becomes_of_it(source, html):
    assert markdown(source) == html


def test_images_load_nothing():
    assert "<img" not in markdown("![a](https://x.example/a.png)") and "https://x.example/a.png" in markdown(
        "![a](https://x.example/a.png)"
    )


def test_tables():
    found = markdown("| a | b |\n|---|---|\n| 1 | `2` |")
    assert found.startswith("<table><thead><tr><th>a</th>") and "<td><code>2</code></td>" in found
    Seen(found)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "JAVASCRIPT:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///x",
            "//x.example",
            "/x",
            "#x",
            "",
            "http://",
            "ftp://x",
        ),
        *(
            "http://user:pass@x.example",
            "https://x.example/\n",
            "https://ex\u0430mple.com",
            "http://[",
            "https://x.example/" + "a" * 3000,
            " http://x",
        ),
    ],
)
def test_links_to_elsewhere_are_none(url):
    assert not is_safe_link(url)


def test_a_key_that_markup_takes_apart_is_masked():
    found = redactor()
    deepen(lambda text: found.mask(text).text)
    markdown.cache_clear()
    for text in (SECRET.replace("-", "\\-"), SECRET.replace("-", "&#45;")):
        assert "***" in markdown(f"key {text}") and SECRET[20:40] not in markdown(f"key {text}")


MARKS = st.lists(
    st.sampled_from(
        [*"`*_[]()<>#-|~!&\\\n\"' =:+.", "```", "<a href=", "javascript:", "http://x.example", "x", "&#60;", "|-|", "    ", "> ", "1. "]
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=300)
@given(MARKS.map("".join) | st.text(max_size=60))
def test_only_known_tags_come_out_and_all_are_closed(text):
    Seen(markdown(text))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 12_000,
        "*a " * 4_000,
        "> " * 6_000,
        "`" * 12_000,
        "[a](" * 3_000,
        "- " * 6_000,
        "&" * 12_000,
        "<" * 12_000,
        "|a" * 6000 + "\n" + "|-" * 6000,
        "**a_" * 3000,
        "![[]()" * 2000,
    ],
)
def test_no_text_of_the_length_that_is_shown_takes_long(text):
    started = time.perf_counter()
    Seen(markdown(text[: HEAD + TAIL]))
    assert time.perf_counter() - started < 3
