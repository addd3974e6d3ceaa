from amp_addons.core.reading import ReadError, Summary
from amp_addons.render.decoded import event_line, summary_lines
from amp_addons.render.palette import PLAIN

KEY = "sk-" + "ant-" + "a1B2" * 8


def test_a_line_fits_its_width():
    line = event_line(PLAIN, 80, 5, "content_block_delta", 1234, "text", "word " * 50)
    assert len(line) == 80 and line.endswith("…")
    assert line.startswith("     5  content_block_delta " + " " * 18 + "   1.2 kB  text   word")


def test_an_event_without_text_ends_with_what_it_has():
    assert event_line(PLAIN, 80, 0, "ping", 2, None, "").endswith(" 2 B")


def test_a_summary_says_everything_and_no_key():
    summary = Summary(
        api="openai-chat",
        stop_reason="stop",
        ended="error",
        text=f"one {KEY}\ntwo \x1b[2J",
        thinking="hm",
        tool_calls=[{"id": "1", "name": "Read", "args": {"path": KEY}}],
        tokens={"input": 1200},
        errors=[ReadError("overloaded_error", "later")],
        event_counts={"x": 2},
    )
    text = "\n".join(summary_lines(summary))
    for part in (
        "openai-chat",
        "ended       error",
        "1,200 input",
        "2 x",
        "Read {'path': '***'}",
        "overloaded_error: later",
        "    one ***\n    two \\x1b[2J",
    ):
        assert part in text
