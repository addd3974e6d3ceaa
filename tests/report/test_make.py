import re
from html import unescape

import pytest
from support.capture import MESSAGES, CaptureFile, answer, events, story
from support.everywhere import everywhere
from support.secrets import PEM, SECRETS, letters, redactor

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.report import reading
from amp_addons.report.make import make_report

NAMED = "Plain" + "word".join("xyzqj")
"""Nothing knows it by its look: only by the names it stands at."""


def make(*files, **more):
    return make_report([str(file) for file in files], redactor(), amp_url=DEFAULT_AMP_URL, **more)


def pieces(secret):
    return {secret[at : at + 8] for at in range(len(secret) - 7)}


@pytest.mark.parametrize(
    "secret", [*SECRETS, "sgamp_user_" + letters(3, 40), "\n".join(PEM)], ids=["anthropic", "github", "aws", "amp", "pem"]
)
def test_no_piece_of_a_secret_is_in_the_file_wherever_it_stood(tmp_path, secret):
    """The recording is a raw one, with the secret in headers, URLs, bodies, deltas cut in small pieces, arguments, errors, messages."""
    with CaptureFile(tmp_path / "raw.flows") as out:
        everywhere(out, 0, secret, NAMED)
        everywhere(out, 20, f"it is {secret} now", NAMED)
    assert secret.splitlines()[0].encode() in out.path.read_bytes() and NAMED.encode() in out.path.read_bytes()
    made = make(out.path)
    texts = (made.html, unescape(made.html), re.sub("<[^>]*>", "", unescape(made.html)))
    lines = secret.splitlines()
    looked_for = set().union(*map(pieces, lines[1:-1] if len(lines) > 1 else lines), pieces(NAMED))
    assert not [piece for piece in looked_for for text in texts if piece in text]
    assert made.flows == 24 and made.html.count("***") > 100


def test_captures_are_put_in_order(tmp_path):
    with CaptureFile(tmp_path / "late.flows") as out:
        out.add("https://ampcode.com/api/user", 5000, method="GET", pieces=[b"{}"])
    made = make(out.path, story(tmp_path / "story.flows"), title="Two <files>")
    assert made.flows == 22 and "late.flows, story.flows" in made.html and "<h1>Two &lt;files&gt;</h1>" in made.html
    assert str(tmp_path) not in made.html


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FLOWS", 10)
    file = story(tmp_path / "story.flows")
    file.write_bytes(file.read_bytes()[:-20])
    made = make(file)
    assert made.left_out == 10 and "The first 10 flows are shown; 10 flows more are in the sums of rules only." in made.html
    assert len(made.problems) == 1 and "story.flows: at byte" in made.html and str(tmp_path) not in made.html


def test_a_recording_without_times_has_none_to_the_first_token(tmp_path):
    with CaptureFile(tmp_path / "raw.flows") as out:
        out.add(MESSAGES, 0, body={"messages": []}, pieces=events(answer("a")), content_type="text/event-stream", facts=False)
    found = make(out.path).html
    assert "does not say when each event came" in found and "Time to first token" not in found
    assert "does not say when each event came" not in make(story(tmp_path / "story.flows")).html


def test_progress_is_told(tmp_path):
    told = []
    file = story(tmp_path / "story.flows")
    make(file, tick=lambda size, flows: told.append((size, flows)))
    assert sum(size for size, _ in told) == file.stat().st_size and sum(flows for _, flows in told) == 21
