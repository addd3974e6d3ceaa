"""Markdown of the traffic as HTML that can do nothing.

markdown-it-py makes tokens; every tag that comes out is one of a short list written here, every text and attribute is escaped here. HTML in
the source stays text, images are links, and a link has an address of http or https or is none.
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from amp_addons.core.scrub import mask_keys
from amp_addons.report.diff import diff_html, is_diff

MAX_LINK = 2_000

_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol li blockquote strong em s table thead tbody tr th td".split())
_VOID = frozenset(("hr", "br"))
_ADDRESS = re.compile(rf"https?://[!-~]{{1,{MAX_LINK}}}", re.ASCII)
_LANGUAGE = re.compile(r"[\w+#.-]{1,20}")
_PLAIN = re.compile(r"[^\\`*_\[\]<>&|~]*")
_BLOCK = re.compile(r"^(?: {0,3}(?:#{1,6}\s|[-+]\s|\d{1,9}[.)]\s|=+\s*$|-+\s*$)|    |\t)", re.MULTILINE)

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable(["table", "strikethrough"])
_markdown.disable(["image", "html_block", "html_inline"])


def is_safe_link(url: str) -> bool:
    """Whether an address is one of http or https with a host, and of characters that an address has."""
    if not _ADDRESS.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc


_markdown.validateLink = is_safe_link  # type: ignore[method-assign]


@lru_cache(maxsize=1024)
def markdown(text: str) -> Markup:
    """The HTML of a text."""
    if _PLAIN.fullmatch(text) and not _BLOCK.search(text):  # most of what people write; parsing is slow
        return Markup("").join(Markup("<p>{}</p>\n").format(piece.strip("\n")) for piece in re.split(r"\n\s*\n", text) if piece.strip())
    # A backslash, an entity or emphasis may hide a key from who looks at the source.
    return _html(_markdown.parse(text))


def _html(tokens: list[Token]) -> Markup:
    out: list[str] = []
    links: list[bool] = []
    for token in tokens:
        kind = token.type
        if kind == "inline":
            out.append(_html(token.children or []))
        elif kind in ("text", "html_inline", "html_block", "text_special"):
            out.append(escape(mask_keys(token.content)))
        elif kind == "softbreak":
            out.append("\n")
        elif kind == "code_inline":
            out.append(Markup("<code>{}</code>").format(token.content))
        elif kind in ("fence", "code_block"):
            out.append(_code(token.content, token.info))
        elif kind == "link_open":
            url = str(token.attrs.get("href", ""))
            links.append(is_safe_link(url))
            if links[-1]:
                out.append(Markup('<a href="{0}" title="{0}" target="_blank" rel="noopener noreferrer nofollow">').format(url))
        elif kind == "link_close":
            if links and links.pop():
                out.append("</a>")
        elif token.hidden:
            pass
        elif token.tag in _VOID:
            out.append(f"<{token.tag}>")
        elif token.tag in _TAGS and token.nesting:
            # What the model calls a heading is none of this page's.
            tag = "h6" if token.tag[0] == "h" and token.tag[1:].isdigit() else token.tag
            out.append(f"<{tag}>" if token.nesting > 0 else f"</{tag}>\n" if token.block else f"</{tag}>")
        else:
            out.append(escape(token.content))
    return Markup("".join(out))


def _code(text: str, info: str) -> Markup:
    language = found[0] if (found := _LANGUAGE.match(info.strip())) else ""
    if language in ("diff", "patch") or is_diff(text):
        return diff_html(text)
    label = Markup(' data-language="{}"').format(language) if language else ""
    return Markup("<pre{}><code>{}</code></pre>\n").format(label, text)
