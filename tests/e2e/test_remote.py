"""Rules and catalogs by URL on live traffic: put in force, replaced, refused, and kept for a start without network."""

import contextlib
import stat

import pytest
from e2e.test_bad_input import start_and_fail
from support.proxy import body_of, post, read_all, suite_before, tunnel, until
from support.signed import OTHER, TRUST, blocks, catalog, rules, serving

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def sim():
    with simulator() as found:
        yield found


@contextlib.contextmanager
def started(sim, folder, *settings, env=None):
    bundle = folder / "bundle.pem"
    if not bundle.exists():
        bundle.write_bytes(b"".join(path.read_bytes() for path in (folder / "ca.pem", sim.ca_path) if path.exists()))
    way = ["--mode", f"upstream:{sim.proxy_url}", "--set", f"ssl_verify_upstream_trusted_ca={bundle}"]
    chosen = [word for setting in ("amp_poll=1", f"amp_trust={TRUST}", *settings) for word in ("--set", setting)]
    with suite_before(sim, *chosen, way=way, env={"XDG_STATE_HOME": str(folder / "state"), **(env or {})}) as proxy:
        yield proxy


def asked(proxy, path="/api/telemetry"):
    """What the client gets for a request."""
    with tunnel(proxy) as sock:
        sock.sendall(post(path))
        return body_of(read_all(sock)[0]).decode()


def test_rules_by_url_are_put_in_force_replaced_and_kept(sim, tmp_path):
    """From the first start to one without network; a file that is wrong in any way changes nothing meanwhile."""
    with serving(tmp_path) as server:
        url = server.put(rules(5, blocks("five")))
        with started(sim, tmp_path, f"amp_rules={url}") as proxy:
            assert "by five" in asked(proxy)
            server.put(rules(6, blocks("six")))
            until(lambda: "by six" in asked(proxy), what="the newer rules")
            for wrong, said in [
                (rules(5, blocks("five")), "older"),
                (rules(7, blocks("other"), key=OTHER), "expected one by a trusted key"),
                (rules(7, "rules: [{id: a, match: {}, then: {passthrough: true}}]\n"), "passthrough in an included file"),
            ]:
                server.put(wrong)
                until(lambda said=said: said in proxy.output, what=said)
                assert "by six" in asked(proxy)
            server.put(rules(8, blocks("eight")))
            until(lambda: "by eight" in asked(proxy), what="the rules after all that")
    copies = [path for path in (tmp_path / "state/amp-addons/remote").iterdir() if path.name != "lock"]
    assert len(copies) == 1 and stat.S_IMODE(copies[0].stat().st_mode) == 0o600
    with started(sim, tmp_path, f"amp_rules={url}") as proxy:
        assert "by eight" in asked(proxy) and "its copy is in force, serial 8, was checked" in proxy.output


def test_catalog_by_url_names_what_nothing_else_knows(sim, tmp_path):
    """The proxy's own environment may lead to itself: it asks the server all the same."""
    row = "- {id: central.new, category: telemetry, method: POST, path: /api/brand-new}\n"
    with serving(tmp_path) as server:
        url = server.put(catalog(1, row), "/rows.yaml")
        rules_url = server.put(rules(1, "rules: [{id: named, match: {endpoint: central.*}, then: {block: by central}}]\n"))
        with started(sim, tmp_path, f"amp_catalog={url}", f"amp_rules={rules_url}", env={"HTTPS_PROXY": "http://127.0.0.1:9"}) as proxy:
            assert "by central" in asked(proxy, "/api/brand-new")
            server.put(catalog(2, row + row.replace("new", "newer")), "/rows.yaml")
            until(lambda: "by central" in asked(proxy, "/api/brand-newer"), what="the newer catalog")
            flow = proxy.wait_ended()[0]
            assert (flow["endpoint"], flow["catalog"]) == ("central.new", "central")


def test_local_rule_comes_first_whatever_the_order(sim, tmp_path):
    local = tmp_path / "local.yaml"
    local.write_text("version: 1\n" + blocks("ours"))
    with serving(tmp_path) as server:
        url = server.put(rules(1, "rules: [{id: theirs, match: {}, then: {allow: true}}]\n"))
        with started(sim, tmp_path, f"amp_rules={url}", f"amp_rules={local}") as proxy:
            assert "by ours" in asked(proxy)


REFUSED = [
    (lambda server: server.url(), "nothing that answers", "cannot be fetched: the server answers 500"),
    (lambda server: server.url().replace("https:", "http:").replace("127.0.0.1", "rules.example"), "plain http", "https://HOST/PATH"),
]


@pytest.mark.parametrize(("url", "said"), [pytest.param(url, said, id=name) for url, name, said in REFUSED])
def test_start_with_neither_copy_nor_file_is_refused(tmp_path, url, said):
    with serving(tmp_path) as server:
        server.manner = "broken"
        settings = [f"amp_rules={url(server)}", f"amp_trust={TRUST}", f"ssl_verify_upstream_trusted_ca={tmp_path / 'ca.pem'}"]
        output = start_and_fail(tmp_path, *[word for setting in settings for word in ("--set", setting)])
    assert said in output


def test_server_of_an_unknown_authority_is_not_believed(tmp_path):
    with serving(tmp_path) as server:
        settings = [f"amp_rules={server.put(rules(1))}", f"amp_trust={TRUST}", "ssl_insecure=true"]
        output = start_and_fail(tmp_path, *[word for setting in settings for word in ("--set", setting)])
    assert "no trusted connection" in output and server.asked == []
