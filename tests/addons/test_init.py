import pytest
from mitmproxy.addons import script as script_loader
from mitmproxy.test import taddons
from support.addons import loaded

from amp_addons.addons import ADDONS, assemble, script


async def test_whole_suite_comes_in_the_order_of_the_list():
    with loaded() as suite:
        assert [addon.name for addon in suite.addons] == [f"amp.{name}" for name in ADDONS]


@pytest.mark.parametrize("name", ADDONS)
async def test_each_addon_loads_by_itself_with_what_it_needs(name):
    with loaded(name) as suite:
        names = [addon.name for addon in suite.addons]
        assert f"amp.{name}" in names and names == [f"amp.{each}" for each in ADDONS if f"amp.{each}" in names]
        assert all(f"amp.{need}" in names for need in ADDONS[name].needs)


async def test_addon_that_is_there_is_skipped_with_a_note(caplog):
    caplog.set_level("INFO")
    with taddons.context(script_loader.ScriptLoader()) as context:
        context.master.addons.add(*assemble("tee"))
        context.master.addons.add(*assemble("events", "tee"))
        context.master.addons.add(*assemble())
        assert caplog.text.count("tee is already loaded") == 1
        assert assemble() == [] and "the suite is already loaded" in caplog.text
        assert len({context.master.addons.get(f"amp.{name}") for name in ADDONS}) == len(ADDONS)


async def test_file_is_a_script_only_when_mitmproxy_runs_it():
    with taddons.context():
        assert script("amp_addons.addons.tee") == []
        assert [addon.name for addon in script("__mitmproxy_script__.tee")][-1] == "amp.tee"


async def test_addons_of_one_proxy_share_a_hub_and_those_of_two_do_not():
    with loaded("tee") as one:
        pass
    with loaded("tee") as two:
        assert one.hub is not two.hub
