"""The stand-in as a program, and real clients that are run against yesterday."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from contextlib import closing

import anthropic
import pytest
from support.asks import PATH, ask, capture, conversation
from support.proxy import until

from amp_addons.core.facts import Facts

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    cut = ask(conversation("cut"), 3)
    cut.metadata = {**cut.metadata, **Facts(ended="truncated").metadata()} | {"amp.chunk_ms": cut.metadata["amp.chunk_ms"]}
    flows = [ask(conversation("hi"), 1, answer="One two three four five six seven."), ask(conversation("bye"), 2, answer="Goodbye."), cut]
    file = capture(folder / "a.flows", *flows)
    command = [sys.executable, "-m", "amp_addons", "replay", str(file), "--serve", "0", "--speed", "2"]
    with (folder / "out").open("w+") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            text = until(lambda: re.search(r"AMP_URL=http://127\.0\.0\.1:(\d+)", (folder / "out").read_text()), what="the service's start")
            yield int(text[1])
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_an_sdk_gets_yesterdays_stream_at_its_tempo(standin):
    with anthropic.Anthropic(base_url=f"http://127.0.0.1:{standin}/api/provider/anthropic", api_key="none", max_retries=0) as client:
        times = []
        with client.messages.stream(model="claude-next", max_tokens=100, messages=[{"role": "user", "content": "hi"}]) as stream:
            for _ in stream.text_stream:
                times.append(time.monotonic())
            assert stream.get_final_text() == "One two three four five six seven."
        with client.messages.stream(model="claude-next", max_tokens=100, messages=[{"role": "user", "content": "bye"}]) as stream:
            assert stream.get_final_text() == "Goodbye."
    assert times[-1] > times[0]  # not in one piece


def test_what_was_not_recorded_is_a_599_and_a_stream_that_was_cut_is_cut(standin):
    with closing(http.client.HTTPConnection("127.0.0.1", standin, timeout=10)) as connection:
        connection.request("GET", "/api/unheard-of")
        response = connection.getresponse()
        assert response.status == 599 and "nearest" in json.loads(response.read())["error"]["message"]
        connection.request("POST", PATH, json.dumps(conversation("cut")), {"content-type": "application/json"})
        response = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
        response.close()
