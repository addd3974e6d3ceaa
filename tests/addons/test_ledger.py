import os

import pytest
from mitmproxy import exceptions
from support.addons import finish, loaded, make_flow, make_response, run_stream
from support.ledger import read
from support.proxy import until

from amp_addons.core.clock import rfc3339
from amp_addons.ledger import default_path, table

STREAM = [
    b'data: {"type":"message_start","message":{"model":"claude-sonnet-4-5-20250929","usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\ndata: {"type":"message_stop"}\n\n',
]


@pytest.fixture
async def suite(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(table, "MAX_DAYS", 100_000)  # the flows of tests are old
    with loaded("ledger") as found:
        yield found


def pass_by(suite):
    flow = make_flow()
    run_stream(suite, flow, STREAM)
    finish(suite, flow)
    return flow


async def test_a_flow_is_a_row(suite, tmp_path):
    path = tmp_path / "mine.sqlite"
    suite.context.configure(suite["ledger"], amp_ledger=str(path))
    flow = pass_by(suite)
    suite.play("done")
    (row,) = read(path)
    assert (row["flow"], row["model"], row["tokens_input"], row["tokens_output"]) == (flow.id, "claude-sonnet-4-5-20250929", 3, 9)
    assert (row["status"], row["outcome"], row["ended"], row["stop_reason"]) == (200, "ok", "complete", "end_turn")
    assert row["time"] == rfc3339(flow.request.timestamp_start)


async def test_ledger_is_kept_without_being_asked_for(suite, tmp_path):
    suite.context.configure(suite["ledger"], amp_ledger="")
    pass_by(suite)
    suite.play("done")
    assert default_path() == tmp_path / "state" / "amp-addons" / "ledger.sqlite" and len(read(default_path())) == 1


async def test_off_keeps_none(suite, tmp_path):
    suite.context.configure(suite["ledger"], amp_ledger="off")
    pass_by(suite)
    suite.play("done")
    assert not (tmp_path / "state").exists()


async def test_flow_that_is_read_from_a_file_is_no_row(suite, tmp_path):
    path = tmp_path / "mine.sqlite"
    suite.context.configure(suite["ledger"], amp_ledger=str(path))
    recorded = make_flow()
    recorded.live = False
    recorded.response = make_response(b"".join(STREAM))
    for hook in ("requestheaders", "request", "responseheaders", "response"):
        suite.play(hook, recorded)
    suite.settle()
    assert suite.kept.types(recorded)[-1] == "flow.end"
    live = pass_by(suite)
    suite.play("done")
    assert [row["flow"] for row in read(path)] == [live.id]


async def test_file_is_changed_while_running(suite, tmp_path):
    for name in ("a.sqlite", "b.sqlite", "off", "a.sqlite"):
        suite.context.configure(suite["ledger"], amp_ledger=name if name == "off" else str(tmp_path / name))
        pass_by(suite)
        suite.settle()
    suite.play("done")
    assert [len(read(tmp_path / name)) for name in ("a.sqlite", "b.sqlite")] == [2, 1]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("of", r"found 'of', expected a file or off \(./of for a file of that name\). Did you mean 'off'"),
        ("on", "found 'on', expected a file or off"),
        ("FOLDER", "is not a regular file"),
        ("FOLDER/no/ledger.sqlite", "the folder .*/no is not there"),
        ("FOLDER/link.sqlite", "link.sqlite is a symbolic link, which is not followed"),
        ("FOLDER/a.sqlite/b.sqlite", "cannot be looked at"),
        ("/dev/null", "/dev/null is not a regular file; name a file, or off"),
    ],
)
async def test_bad_value_is_refused_and_the_old_ledger_stays(suite, tmp_path, value, sentence):
    path = tmp_path / "a.sqlite"
    (tmp_path / "link.sqlite").symlink_to(path)
    suite["startup"].running()
    suite.context.configure(suite["ledger"], amp_ledger=str(path))
    pass_by(suite)
    suite.settle()
    until(path.exists)
    with pytest.raises(exceptions.OptionsError, match=f"option amp_ledger: .*{sentence}"):
        suite.context.configure(suite["ledger"], amp_ledger=value.replace("FOLDER", str(tmp_path)))
    pass_by(suite)
    suite.play("done")
    assert len(read(path)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_file_of_somebody_else_is_refused(suite, tmp_path, caplog):
    (tmp_path / "a.sqlite").touch()
    os.chown(tmp_path / "a.sqlite", 12345, -1)
    suite.context.configure(suite["ledger"], amp_ledger=str(tmp_path / "a.sqlite"))
    assert "belongs to another user" in caplog.text


async def test_damaged_file_turns_the_ledger_off_once_and_the_events_go_on(suite, tmp_path, caplog):
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"my notes\n" * 1000)
    suite.context.configure(suite["ledger"], amp_ledger=str(path))
    pass_by(suite)
    suite.settle()
    until(lambda: "The ledger is off" in caplog.text)
    for _ in range(2):
        flow = pass_by(suite)
        suite.settle()
        assert suite.kept.types(flow)[-1] == "flow.end"
    suite.play("done")
    assert caplog.text.count("amp_ledger") == 1
    assert path.read_bytes() == b"my notes\n" * 1000
