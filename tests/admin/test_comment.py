"""Comments: what they say, and that nothing in them can leave them."""

from typing import Any

import pytest

from amp_addons.admin.comment import WIDTH, about, comment, head, heading

ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00", "\u202e", "\x1b]0;x\x07"]


@pytest.mark.parametrize("end", ENDS)
def test_a_text_stays_in_its_comment(end: str) -> None:
    [line] = comment("#", f"a{end}http_access allow all")
    assert line.startswith("# a\\") and line.isprintable()
    assert line.endswith("http_access allow all")


@pytest.mark.parametrize("text", ["ends in \\", "\\", "x \\ \\ ", "w" * (WIDTH - 1) + "\\ more"])
def test_no_line_goes_on_in_the_next(text: str) -> None:
    assert not any(line.endswith("\\") for line in comment("#", text))


def test_long_texts_take_several_lines() -> None:
    lines = list(comment("//", "word " * 60, "  "))
    assert len(lines) == 3
    assert all(line.startswith("  // word") and len(line) <= WIDTH + 5 for line in lines)
    assert list(comment("#", "")) == ["#"]


def test_the_heading_names_catalogs_versions_limits_and_what_is_not_listed(gather: Any) -> None:
    text = "\n".join(heading(gather("https://me:word@amp.corp.example"), "A note."))
    assert "amp-addons 9 from the endpoint catalogs classic (client 0.0.1761153678-gfa55cf), observed (client 0.0.1767830505," in text
    assert "amp.url is https://amp.corp.example." in text
    assert "optional, any host, not listed: MCP servers" in text
    assert "600 s for the first byte" in text and "unbuffered" in text and "WebSocket upgrades" in text
    assert text.endswith("\nA note.")
    assert "word" not in text


def test_a_host_in_one_sentence(gather: Any) -> None:
    assert about(gather().hosts[2]) == (
        "optional: openrouter.ai:443, for the models of OpenRouter (with a key of one's own). Carries server-sent events. "
        "Named by classic (client 0.0.1761153678-gfa55cf, 0.0.1767830505, 0.0.1773432280)."
    )
    rows = "endpoints: [{id: x, category: other, method: GET, path: /x, host: x.example}]\n"
    assert about(gather(content=rows).hosts[-1]) == "optional: x.example:443. Named by mine."


def test_every_text_has_its_own_lines() -> None:
    assert list(head("#", ["a", "b"])) == ["# a", "# b"]
