import pytest
from mitmproxy import exceptions
from support.addons import loaded


@pytest.fixture
async def suite():
    with loaded() as found:
        yield found


async def test_unknown_option_is_an_error_with_what_was_meant(suite, caplog):
    suite.context.options.set("amp_event=x", defer=True)
    suite["startup"].running()
    assert "unknown option 'amp_event'. Did you mean 'amp_events'?" in caplog.text
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_option_of_somebody_else_is_none_of_ours(suite, caplog):
    suite.context.options.set("other_option=x", defer=True)
    suite["startup"].running()
    assert caplog.text == ""


async def test_connections_are_lazy_unless_the_user_chose(suite):
    assert suite.context.options.connection_strategy == "lazy"


async def test_proxy_listens_on_loopback_unless_the_user_chose(suite):
    assert suite.context.options.listen_host == "127.0.0.1"


async def test_setting_that_defeats_the_suite_is_reported(suite, caplog):
    suite.context.options.update(stream_large_bodies="1m", ssl_insecure=True)
    suite["startup"].running()
    assert "stream_large_bodies is set: it" in caplog.text and "ssl_insecure is set: it" in caplog.text
    assert {record.levelname for record in caplog.records} == {"WARNING"}


async def test_other_script_that_takes_the_stream_is_reported(suite, tmp_path, caplog):
    (tmp_path / "theirs.py").write_text("def responseheaders(flow):\n    flow.response.stream = True\n")
    (tmp_path / "harmless.py").write_text("def request(flow): ...\n")
    suite.context.options.__dict__["_options"]["scripts"].set([str(tmp_path / "theirs.py"), str(tmp_path / "harmless.py")])
    suite["startup"].running()
    assert "theirs.py sets .stream itself" in caplog.text and "harmless.py" not in caplog.text


async def test_bad_option_is_raised_once_the_proxy_runs(suite):
    suite["startup"].running()
    with pytest.raises(exceptions.OptionsError, match="option amp_url: expected http"):
        suite.context.configure(suite["classify"], amp_url="ftp://x")
