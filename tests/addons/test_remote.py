"""Files by URL in a proxy: the options, the way to the server, and what is put in force while it runs."""

import asyncio
import os

import pytest
from mitmproxy import exceptions
from support.addons import loaded
from support.signed import KEY, OTHER_TRUST, TRUST, blocks, catalog, rules, serving

from amp_addons.addons import remote as module
from amp_addons.addons.remote import trusted
from amp_addons.addons.startup import refuse
from amp_addons.core.rules.url import origin_of
from amp_addons.core.signature import public
from amp_addons.rulefiles.remote.asking import CannotFetch
from amp_addons.rulefiles.remote.fetch import Through

ROW = "- {id: central.new, category: telemetry, method: POST, path: /api/brand-new}\n"


@pytest.fixture
def server():
    with serving() as found:
        yield found


@pytest.fixture
async def suite(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with loaded("rules", "commands") as found:
        found.context.configure(found["remote"], amp_trust=[TRUST])
        yield found
        found["remote"].done()


def ids(suite):
    return [ready.rule.id for ready in suite.hub.rules.rules]


def configure(suite, **options):
    """As mitmproxy does it: for all addons, in their order."""
    suite.context.options.update(**options)
    for addon in suite.addons:
        if hook := getattr(addon, "configure", None):
            hook(set(options))


def running(suite):
    refuse.running = True
    suite["remote"].running()


async def eventually(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("value", ["", "0", "1.5", "-1", "86401", "soon", "1" * 30, "²"])
async def test_bad_interval_is_refused(suite, caplog, value):
    configure(suite, amp_poll=value)
    assert refuse.refused and "option amp_poll: found" in caplog.text


@pytest.mark.parametrize("value", ["ed25519:x", TRUST[:-1], "/nowhere/keys"])
async def test_bad_key_is_refused(suite, caplog, value):
    configure(suite, amp_trust=[value])
    assert refuse.refused and "option amp_trust: " in caplog.text


def test_keys_come_as_texts_and_in_files(tmp_path):
    (tmp_path / "keys").write_text(f"# ours\n{TRUST} build server\n\n{OTHER_TRUST}  # until 2027\n{TRUST}\n")
    assert trusted([TRUST]) == (public(KEY),)
    assert list(map(str, trusted([str(tmp_path / "keys"), TRUST]))) == [TRUST, OTHER_TRUST]


async def test_url_without_a_key_is_refused_with_the_remedy(suite, server, caplog):
    configure(suite, amp_trust=[], amp_rules=[server.put(rules(1))])
    assert refuse.refused and "set amp_trust to the public key that `amp-addons sign` names" in caplog.text
    assert server.asked == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://rules.example/a.yaml", "https://HOST/PATH (plain http only on this machine)"),
        ("https://me:pass@rules.example/a.yaml", "without user and password"),
        ("https://rules.example/a.yaml?token=pass", "without query"),
        ("ftp://rules.example/a.yaml", "http(s)://HOST"),
        ("file:///etc/passwd", "http(s)://HOST"),
    ],
)
@pytest.mark.parametrize("option", ["amp_rules", "amp_catalog"])
async def test_url_that_is_none_is_refused_and_not_shown(suite, caplog, option, url, said):
    configure(suite, **{option: [url]})
    assert refuse.refused and said in caplog.text and "pass" not in caplog.text.replace("password", "")


async def test_newer_rules_and_catalogs_are_put_in_force_together(suite, server, caplog):
    caplog.set_level("INFO")
    configure(suite, amp_rules=[server.put(rules(1, blocks("one")))], amp_catalog=[server.put(catalog(1, ROW), "/rows.yaml")])
    assert ids(suite) == ["one"] and "central.new" in suite.hub.catalog.ids
    running(suite)
    server.put(catalog(2, ROW.replace("central.new", "central.other")), "/rows.yaml")
    suite.hub.look_now()
    await eventually(lambda: "central.other" in suite.hub.catalog.ids)
    server.put(rules(2, "rules: [{id: two, match: {endpoint: central.other}, then: {block: true}}]\n"))
    suite.hub.look_now()
    await eventually(lambda: ids(suite) == ["two"])
    server.put(catalog(3, ROW), "/rows.yaml")  # without the row that a rule names
    suite.hub.look_now()
    await eventually(lambda: "it cannot be used: " in caplog.text)
    assert "central.other" in suite.hub.catalog.ids and "unknown endpoint 'central.other'" in caplog.text
    assert "gives no newer catalog" in " ".join(suite.hub.notices.values())
    server.put(catalog(4, ROW.replace("central.new", "central.other")), "/rows.yaml")
    suite.hub.look_now()
    await eventually(lambda: not suite.hub.notices)
    assert "can be had again" in caplog.text


async def test_server_that_fails_is_said_once_and_asked_less_often(suite, server, caplog, monkeypatch):
    configure(suite, amp_rules=[server.put(rules(1, blocks("one")))], amp_poll="1")
    monkeypatch.setattr(module, "JITTER", 0.0)
    remote = suite["remote"]
    server.manner = "broken"
    key = ("rules", server.url())
    pauses = []
    for _ in range(12):
        await remote._look(key)
        pauses.append(remote._pause(key))
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert caplog.text.count("answers 500") == 1 and ids(suite) == ["one"]
    monkeypatch.setattr(module, "REMIND", -1.0)
    await remote._look(key)
    assert caplog.text.count("answers 500") == 2
    server.manner = "well"
    await remote._look(key)
    assert remote._pause(key) == 1 and not suite.hub.notices


async def test_reload_asks_now_and_does_not_wait(suite, server):
    configure(suite, amp_rules=[server.put(rules(1, blocks("one")))])
    running(suite)
    server.put(rules(2, blocks("two")))
    said = suite.context.master.commands.call("amp.reload")
    assert said == f"In force: 1 rule of {server.url()}.\nasked now: {server.url()}"
    await eventually(lambda: ids(suite) == ["two"])


async def test_url_that_is_set_while_it_runs_is_fetched_off_the_loop(suite, server):
    configure(suite, amp_rules=[])
    before = suite.hub.rules
    running(suite)
    server.manner = "broken"
    configure(suite, amp_rules=[server.put(rules(1, blocks("one")))])
    assert suite.hub.rules is before
    await eventually(lambda: suite.hub.notices)
    server.manner = "well"
    suite.hub.look_now()
    await eventually(lambda: ids(suite) == ["one"])


async def test_key_that_is_no_longer_trusted_is_refused_while_it_runs(suite, server):
    configure(suite, amp_rules=[server.put(rules(1, blocks("one")))])
    running(suite)
    with pytest.raises(exceptions.OptionsError, match="expected one by a trusted key"):
        configure(suite, amp_trust=[OTHER_TRUST])
    assert ids(suite) == ["one"]


async def test_local_file_includes_and_grants_with_a_key_of_its_own(suite, server, tmp_path):
    url = server.put(rules(1, "rules: [{id: theirs, match: {}, then: {set_headers: {x-a: b}}}]\n"))
    (tmp_path / "local.yaml").write_text(f"version: 1\n{blocks('ours')}include: [{{url: '{url}', key: '{TRUST}', grant: [edits]}}]\n")
    configure(suite, amp_trust=[])
    configure(suite, amp_rules=[str(tmp_path / "local.yaml")])
    assert ids(suite) == ["ours", "theirs"]


OUTSIDE = origin_of("https://rules.example/a.yaml")
WAYS = [
    ({}, OUTSIDE, None),
    ({"HTTPS_PROXY": "http://proxy.example:3128"}, OUTSIDE, Through("proxy.example", 3128)),
    ({"HTTPS_PROXY": "http://me:pw@proxy.example:3128"}, OUTSIDE, Through("proxy.example", 3128, "me:pw")),
    ({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".example"}, OUTSIDE, None),
    ({"HTTPS_PROXY": "http://proxy.example:3128"}, origin_of("http://127.0.0.1:80/a"), None),
    ({"HTTPS_PROXY": "http://127.0.0.1:8181"}, OUTSIDE, None),
    ({"https_proxy": "http://localhost:8181"}, OUTSIDE, None),
    ({"HTTPS_PROXY": "http://127.0.0.1:3128"}, OUTSIDE, Through("127.0.0.1", 3128)),
]


@pytest.mark.parametrize(("env", "origin", "way"), WAYS)
async def test_way_is_the_companys_proxy_and_never_this_one(suite, monkeypatch, env, origin, way):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    configure(suite, listen_port=8181)
    assert suite["remote"]._through(origin) == way


async def test_way_of_upstream_mode_is_the_one_of_the_traffic(suite, monkeypatch):
    monkeypatch.setenv("AMP_ADDONS_UPSTREAM_AUTH", "me:pw")
    configure(suite, mode=["upstream:http://proxy.example:3128"])
    assert suite["remote"]._through(OUTSIDE) == Through("proxy.example", 3128, "me:pw")


@pytest.mark.parametrize("proxy", ["socks5://proxy.example:1080", "https://proxy.example:443"])
async def test_way_that_is_not_spoken_is_said(suite, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(CannotFetch, match="supported"):
        suite["remote"]._through(OUTSIDE)
