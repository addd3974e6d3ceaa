import asyncio
import os

import pytest
from mitmproxy import exceptions
from support.addons import loaded

from amp_addons.addons import rules as module
from amp_addons.addons.rules import stamp_of
from amp_addons.addons.startup import refuse

GOOD = "version: 1\nrules:\n  - {id: a, match: {}, then: {tag: x}}\n"


@pytest.fixture
async def suite():
    with loaded("rules") as found:
        yield found


async def eventually(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_without_a_file_the_shipped_default_changes_nothing(suite):
    assert not suite.hub.rules.enforces


async def test_options_load_files_in_order_and_observe_makes_them_harmless(suite, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("version: 1\nrules:\n  - {id: a, match: {}, then: {block: true}}\n")
    two.write_text("version: 1\nrules:\n  - {id: b, match: {}, then: {block: true}}\n")
    suite.context.configure(suite["rules"], amp_rules=[str(one), str(two)])
    assert [ready.rule.id for ready in suite.hub.rules.rules] == ["a", "b"] and suite.hub.rules.enforces
    suite.context.configure(suite["rules"], amp_observe="on")
    assert not suite.hub.rules.enforces


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("amp_observe", "yes", "expected one of on, off"), ("amp_rules", ["/nowhere.yaml"], "/nowhere.yaml")],
)
async def test_bad_options_are_refused_at_start(suite, caplog, option, value, said):
    suite.context.configure(suite["rules"], **{option: value})
    assert refuse.refused and said in caplog.text


async def test_saved_file_is_used_and_a_broken_one_is_not(suite, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(module, "POLL", 0.01)
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    suite.context.configure(suite["rules"], amp_rules=[str(path)])
    first = suite.hub.rules
    suite["rules"].running()
    path.write_text(GOOD.replace("tag: x", "tagg: x"))
    await eventually(lambda: "cannot be used" in caplog.text)
    assert suite.hub.rules is first and "broken" in suite.hub.notices["rules"]
    path.write_text(GOOD.replace("id: a", "id: changed"))
    await eventually(lambda: suite.hub.rules is not first)
    assert suite.hub.rules.rules[0].rule.id == "changed"
    await eventually(lambda: not suite.hub.notices)
    suite["rules"].done()


async def test_broken_file_is_spoken_of_again(suite, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(module, "POLL", 0.01)
    monkeypatch.setattr(module, "REMIND", 0.05)
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    suite.context.configure(suite["rules"], amp_rules=[str(path)])
    suite["rules"].running()
    path.write_text("version: 7")
    await eventually(lambda: caplog.text.count("cannot be used") >= 2)
    suite["rules"].done()


async def test_included_file_is_watched_too(suite, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(module, "POLL", 0.01)
    path, inner = tmp_path / "rules.yaml", tmp_path / "inner.yaml"
    path.write_text("version: 1\ninclude: [inner.yaml]\n")
    inner.write_text(GOOD)
    suite.context.configure(suite["rules"], amp_rules=[str(path)])
    suite["rules"].running()
    inner.write_text("version: 1\nrules: oops\n")
    await eventually(lambda: "cannot be used" in caplog.text)
    inner.write_text(GOOD.replace("id: a", "id: mended"))
    await eventually(lambda: suite.hub.rules.rules[0].rule.id == "mended")
    suite["rules"].done()


def test_stamp_changes_however_a_file_is_saved(tmp_path):
    path = tmp_path / "a"
    assert stamp_of([path]) == (None,)
    path.write_text("1")
    first = stamp_of([path])
    other = tmp_path / "b"
    other.write_text("2")
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    os.replace(other, path)  # the same size and time: another file all the same
    assert stamp_of([path]) != first


async def test_rules_are_loaded_anew_by_command(suite, tmp_path):
    """Without waiting for the watcher; a broken file changes nothing, and what is wrong is said."""
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules: [{id: a, match: {}, then: {tag: x}}]\n")
    suite.context.configure(suite["rules"], amp_rules=[str(path)])
    path.write_text("version: 1\nrules: [{id: b, match: {}, then: {tag: x}}, {id: c, match: {}, then: {tag: y}}]\n")
    call = suite.context.master.commands.call
    assert call("amp.reload") == f"In force: 2 rules of {path}." and len(suite.hub.rules.rules) == 2
    path.write_text("version: 1\nrulez: []\n")
    with pytest.raises(exceptions.CommandError, match=r"amp.reload: the old rules stay in force: .*rulez"):
        call("amp.reload")
    assert len(suite.hub.rules.rules) == 2 and "rules" in suite.hub.notices
    path.write_text("version: 1\nrules: []\n")
    assert call("amp.reload").startswith("In force: 0 rules") and "rules" not in suite.hub.notices
