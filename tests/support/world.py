"""The suite with rules, between a client and two simulated services: Amp's own, and an upstream that rules may name."""

import contextlib
import tempfile
from pathlib import Path
from textwrap import dedent, indent

from amp_addons.sim import simulator
from support.proxy import suite_before

KEY = "upstream-" + "k" * 20


class World:
    """`amp` and `other` are the services with what they received, `proxy` the suite, `rules` its rule file."""

    def __init__(self, amp, other, proxy, rules):
        self.amp, self.other, self.proxy, self.rules = amp, other, proxy, rules

    def received(self, sim, thread):
        """The requests of this thread that a service got."""
        return [request for request in list(sim.requests) if request.header("x-amp-thread-id") == thread]


def rule_file(other, rules, more="", top=""):
    """A rule file with the upstream `other`, which has a credential of its own, and `bare`, the same without.

    URL in `more` (upstreams) is theirs; `top` is more at the top level.
    """
    return "\n".join(
        [
            "version: 1",
            "upstreams:",
            f"  other: {{url: {other.url}, credential: {{header: x-api-key, env: OTHER_KEY}}}}",
            f"  bare: {{url: {other.url}}}",
            indent(dedent(more.replace("URL", other.url)), "  "),
            top,
            "rules:",
            indent(dedent(rules), "  "),
        ]
    )


@contextlib.contextmanager
def world(rules, *arguments, more="", top="", env=None, mode=None, **options):
    with simulator() as amp, simulator() as other, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(rule_file(other, rules, more, top))
        bundle = Path(folder) / "both.pem"
        bundle.write_text(Path(amp.ca_path).read_text() + Path(other.ca_path).read_text())
        way = ["--mode", mode or f"upstream:{amp.proxy_url}", "--set", f"ssl_verify_upstream_trusted_ca={bundle}"]
        chosen = ["--set", f"amp_rules={path}", *arguments]
        with suite_before(amp, *chosen, way=way, env={"OTHER_KEY": KEY, **(env or {})}, **options) as proxy:
            yield World(amp, other, proxy, path)
