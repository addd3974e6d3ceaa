import gzip
import os
import random
import string

import pytest
from mitmproxy import io
from mitmproxy.test import tflow, tutils

from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.replay.scrub_file import Damaged, scrub_file
from amp_addons.rulefiles.detectors import Redactor

KEY = "ghp" + "_" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=36))
PLAIN = "p" * 12


def recording(path, flows=3):
    with path.open("wb") as stream:
        writer = io.FlowWriter(stream)
        for _ in range(flows):
            flow = tflow.tflow(resp=True)
            flow.request.headers["authorization"] = f"Bearer {PLAIN}"
            flow.request.path = f"/x?token={PLAIN}&y={KEY}"
            flow.request.content = f'{{"messages":[{{"content":"it is {KEY}"}}],"password":"{PLAIN}"}}'.encode()
            flow.response = tutils.tresp(content=gzip.compress(f"key {KEY}".encode()))
            flow.response.headers["content-encoding"] = "gzip"
            writer.add(flow)
    return path


def flows_of(path):
    with path.open("rb") as stream:
        return list(io.FlowReader(stream).stream())


def test_recording_is_copied_without_secrets_for_its_owner_alone(tmp_path):
    scrubber, source, target = Scrubber(Redactor.builtin()), recording(tmp_path / "in"), tmp_path / "out"
    before = source.read_bytes()
    assert scrub_file(source, target, scrubber) == 3
    assert source.read_bytes() == before and os.stat(target).st_mode & 0o777 == 0o600
    flows = flows_of(target)
    assert len(flows) == 3
    for flow in flows:
        whole = str(flow.get_state()) + flow.request.text + flow.response.text
        assert KEY not in whole and PLAIN not in whole
        assert flow.request.headers.get("content-length") in (None, str(len(flow.request.raw_content)))
        assert flow.response.text == "key ***"
    assert scrubber.found["response body", "code-host"] == 3
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_damaged_recording_is_scrubbed_up_to_the_damage_which_is_named(tmp_path):
    source, target = recording(tmp_path / "in"), tmp_path / "out"
    size = source.stat().st_size
    source.write_bytes(source.read_bytes()[: size - 10])
    with pytest.raises(Damaged, match=r"damaged after \d+ bytes"):
        scrub_file(source, target, Scrubber(Redactor.builtin()))
    assert len(flows_of(target)) == 2


@pytest.mark.parametrize("coded", [False, True])
def test_body_of_an_answer_has_its_deltas_put_together(tmp_path, coded):
    events = b'data: {"type":"message_start","message":{"id":"m","content":[]}}\n\n'
    events += b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
    for piece in (KEY[:10], KEY[10:25], KEY[25:] + " "):
        events += b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}\n\n' % piece.encode()
    events += b'data: {"type":"content_block_stop","index":0}\n\n'
    source, target = tmp_path / "in.sse", tmp_path / "out.sse"
    source.write_bytes(gzip.compress(events) if coded else events)
    scrubber = Scrubber(Redactor.builtin())
    assert scrub_file(source, target, scrubber) == 1
    clean = gzip.decompress(target.read_bytes()) if coded else target.read_bytes()
    assert b"***" in clean and not any(KEY[at : at + 8].encode() in clean for at in range(len(KEY) - 7))
    assert clean.count(b"\n\n") - events.count(b"\n\n") in (0, 1)  # an event more may hold what was held back


def test_only_looking_writes_nothing(tmp_path):
    scrubber, source = Scrubber(Redactor.builtin()), recording(tmp_path / "in")
    assert scrub_file(source, None, scrubber) == 3 and scrubber.found
    assert list(tmp_path.iterdir()) == [source]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    source = recording(tmp_path / "in")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        scrub_file(source, tmp_path / "out", Scrubber(Redactor.builtin()))
    assert list(tmp_path.iterdir()) == [source]
