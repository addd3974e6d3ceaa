import pytest
from mitmproxy import exceptions
from mitmproxy.addons import save
from support.addons import loaded, make_flow

from amp_addons.addons.startup import refuse


@pytest.fixture
async def suite():
    with loaded("saving") as found:
        stock = save.Save()
        found.context.master.addons.add(stock)
        yield found
        stock.done()


async def test_stock_recording_is_warned_about_once(suite, tmp_path, caplog):
    for name in ("a", "b"):
        suite.context.configure(suite["saving"], save_stream_file=str(tmp_path / name))
    assert caplog.text.count("-w writes flows with their credentials") == 1 and "amp-addons scrub" in caplog.text
    assert not refuse.refused


async def test_stock_recording_is_refused_when_strict(suite, tmp_path, caplog):
    suite.context.configure(suite["saving"], amp_strict="on")
    suite.context.configure(suite["saving"], save_stream_file=str(tmp_path / "flows"))
    assert refuse.refused and "found -w, which writes credentials" in caplog.text


async def test_commands_that_give_flows_away(suite, tmp_path, caplog):
    suite["saving"].running()
    call = suite.context.master.commands.call
    call("save.file", [make_flow()], str(tmp_path / "flows"))
    assert (tmp_path / "flows").exists() and "save.file gives flows with their credentials" in caplog.text
    suite.context.configure(suite["saving"], amp_strict="on")
    with pytest.raises(exceptions.CommandError, match="amp_strict is on"):
        call("save.file", [make_flow()], str(tmp_path / "more"))
    assert not (tmp_path / "more").exists()
