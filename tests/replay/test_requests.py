import pytest
from mitmproxy.io import FlowWriter
from mitmproxy.test.tflow import tflow
from replay.test_scrub_file import recording

from amp_addons.replay.requests import NoSuchFlow, request_of


def test_request_is_the_recorded_one(tmp_path):
    found = request_of(recording(tmp_path / "in"), 2)
    assert found.method == "GET" and found.host == "address:22" and found.target[1] == "/x" and b"messages" in found.body
    assert found.header("authorization") and found.client == "127.0.0.1"


def test_request_of_http2_has_its_host_as_it_had_on_its_way(tmp_path):
    flow = tflow()
    flow.request.authority = "ampcode.com"
    flow.request.headers.pop("host", None)
    with (tmp_path / "in").open("wb") as file:
        FlowWriter(file).add(flow)
    assert request_of(tmp_path / "in").header("host") == ["ampcode.com"]


@pytest.mark.parametrize(("content", "said"), [(None, "has 3 HTTP flows"), (b"no flows at all", "cannot be read as a recording")])
def test_what_is_not_there_is_said(tmp_path, content, said):
    path = recording(tmp_path / "in")
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoSuchFlow, match=said):
        request_of(path, 4)
