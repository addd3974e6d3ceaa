import asyncio
import json
import stat

import pytest
from mitmproxy import exceptions
from mitmproxy.io import FlowReader
from mitmproxy.test import tflow
from support.addons import finish, loaded, make_flow, run_stream
from support.secrets import SECRET

from amp_addons.core.codings import encode

BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": f"it's {SECRET}"}]}).encode()


@pytest.fixture
async def suite():
    with loaded("sharing", "saving", "tee") as found:
        found["startup"].running()
        yield found


def asked(suite, **more):
    flow = make_flow(content=BODY, headers=[(b"host", b"ampcode.com"), (b"x-api-key", b"k" * 20), (b"x-note", b"fine")], **more)
    run_stream(suite, flow, [b'data: {"text":"%b"}\n\n' % SECRET.encode()])
    finish(suite, flow)
    flow.response.raw_content = b'data: {"text":"%b"}\n\n' % SECRET.encode()
    return flow


def call(suite, name, *arguments):
    return suite.context.master.commands.call(name, *arguments)


async def save(suite, flows, path):
    said = call(suite, "amp.scrub.save", flows, str(path))
    await asyncio.gather(*suite["sharing"]._saving)
    return said


@pytest.mark.parametrize("strict", ["off", "on"])
async def test_flows_are_saved_without_their_secrets(suite, tmp_path, caplog, strict):
    """Also where mitmproxy's own ways are refused; the flows stay as they are."""
    caplog.set_level("INFO")
    suite.context.options.update(amp_strict=strict)
    suite.play("running")
    flows, target = [asked(suite), asked(suite), tflow.ttcpflow()], tmp_path / "shared.flows"
    assert (await save(suite, flows, target)).startswith(f"Writing 3 flows to {target}")
    data = target.read_bytes()
    assert SECRET[20:40].encode() not in data and b"k" * 20 not in data and stat.S_IMODE(target.stat().st_mode) == 0o600
    with target.open("rb") as stream:
        found = list(FlowReader(stream).stream())
    assert [flow.id for flow in found] == [flow.id for flow in flows] and b"it's ***" in found[0].request.content
    assert b'"***"' in found[0].response.content and SECRET.encode() in flows[0].request.content
    assert f"wrote 3 flows to {target}; " in caplog.text and "values masked" in caplog.text


async def test_a_file_that_is_there_is_replaced(suite, tmp_path):
    target = tmp_path / "f"
    target.write_text("old")
    target.chmod(0o644)
    await save(suite, [asked(suite)], target)
    assert b"old" not in target.read_bytes() and stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "said"),
    [("link", "link is a symbolic link, which is not followed"), ("folder", "folder is not a regular file"), ("no/f", "no is not there")],
)
async def test_what_is_no_file_of_ours_is_refused(suite, tmp_path, name, said):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "folder").mkdir()
    with pytest.raises(exceptions.CommandError, match=said):
        await save(suite, [asked(suite)], tmp_path / name)
    assert not (tmp_path / "target").exists()


async def test_a_link_that_is_put_there_meanwhile_is_not_followed(suite, tmp_path, caplog):
    target = tmp_path / "f"
    call(suite, "amp.scrub.save", [asked(suite)], str(target))
    target.symlink_to(tmp_path / "target")
    await asyncio.gather(*suite["sharing"]._saving)
    assert "amp.scrub.save: nothing was written" in caplog.text and not (tmp_path / "target").exists()


async def test_no_flows_are_refused(suite, tmp_path):
    with pytest.raises(exceptions.CommandError, match="found no flows"):
        await save(suite, [], tmp_path / "f")


@pytest.mark.parametrize("strict", ["off", "on"])
async def test_a_line_for_curl_has_no_secrets(suite, strict):
    suite.context.options.update(amp_strict=strict)
    suite.play("running")
    line, *notes = call(suite, "amp.curl", asked(suite)).split("\n")
    assert line.startswith("curl ") and line.endswith(" -- https://ampcode.com/api/provider/anthropic/v1/messages")
    assert "it'\"'\"'s ***" in line and "-H 'x-note: fine'" in line and SECRET[20:40] not in line and "kkkk" not in line
    assert notes == ["# headers left out, which are credentials or hold one: x-api-key", "# *** stands for what was masked"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_an_encoded_body_is_written_as_text(suite, coding):
    flow = asked(suite)
    flow.request.headers["content-encoding"], flow.request.raw_content = coding, encode(coding, BODY)
    assert "it'\"'\"'s ***" in call(suite, "amp.curl", flow) and "content-encoding" not in call(suite, "amp.curl", flow)
    flow.request.raw_content = b"broken"
    assert "cannot be decoded" in call(suite, "amp.curl", flow)


async def test_a_large_body_is_left_out(suite):
    flow = asked(suite)
    flow.request.raw_content = b"x" * 1_000_000
    line = call(suite, "amp.curl", flow)
    assert len(line) < 1000 and "the body of 1,000,000 bytes is left out" in line and line.startswith("curl -X POST")


async def test_secrets_of_the_url_are_masked(suite):
    flow = asked(suite, url=f"https://ampcode.com/api/user?rvt-token=abc&x=[1-9]&y={SECRET}")
    line = call(suite, "amp.curl", flow)
    assert "rvt-token=***&x=[1-9]&y=***" in line and "--globoff" in line


async def test_flows_that_are_not_http_are_refused(suite):
    with pytest.raises(exceptions.CommandError, match="not HTTP"):
        call(suite, "amp.curl", tflow.ttcpflow())
