import io
import re
import sys

from amp_addons.render.progress import flow_progress


def test_bytes_and_flows_are_shown_and_gone_at_the_end(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    with flow_progress(1_000_000, lambda: ", and a note") as advance:
        advance(250_000, 10)
        advance(250_000, 1500)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert "reading" in text and "50%" in text and "1,510 flows" in text and ", and a note" in text
    assert out.getvalue().rstrip().endswith("\x1b[2K")


def test_nothing_is_drawn_where_nobody_looks(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    with flow_progress(10) as advance:
        advance(10, 1)
    assert "%" not in out.getvalue()
