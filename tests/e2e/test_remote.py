"""Rules and catalogs by URL on live traffic: put in force, replaced, refused, and kept for a start without network."""

import contextlib
import stat

import pytest
from support.proxy import body_of, post, read_all, suite_before, tunnel, until
from support.signed import OTHER, TRUST, blocks, rules, serving

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
                (rules(6, blocks("other")), "again with other content"),
                (rules(7, blocks("other"), key=OTHER), "expected one by a trusted key"),
                (rules(7, blocks("other")) + b"# more\n", "does not fit"),
                (rules(7, "rulez: []\n"), "rulez"),
                (rules(7, "rules: [{id: a, match: {}, then: {passthrough: true}}]\n"), "passthrough in an included file"),
                (b"<html>welcome</html>", "no signature"),
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
