"""What a proxy for a client needs on this machine: certificates, the company's proxy in the environment, and mitmproxy's options."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.rules.url import is_url
from amp_addons.launch import authority
from amp_addons.launch.environment import EXTRA_CA, Chained, chained, configured_cas, for_proxy, for_reverse
from amp_addons.launch.noproxy import host_and_port
from amp_addons.launch.trust import write_bundle
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.state import make_private, state_folder


class Plan(NamedTuple):
    """`place` has the certificate authority, `ca_file` what a runtime is to trust beside its own, `bundle` what a program is to trust in
    place of its own, `upstream_bundle` what the proxy trusts; `made`: the authority is new."""

    amp_url: str
    hosts: tuple[tuple[str, int], ...]
    upstream: Chained | None
    place: Path
    ca_file: Path
    bundle: Path
    upstream_bundle: Path
    made: bool

    def options(self, *, port: int, reverse: bool, all_hosts: bool) -> dict[str, Any]:
        """mitmproxy's options for it. A password of the company's proxy is in none of them."""
        found: dict[str, Any] = {
            "confdir": str(self.place),
            "listen_host": "127.0.0.1",
            "listen_port": port,
            "ssl_verify_upstream_trusted_ca": str(self.upstream_bundle),
            # A certificate names what the client asked for, and nothing that the authority may not vouch for.
            "upstream_cert": False,
            "amp_url": self.amp_url,
            "amp_inspect": "all" if all_hosts else "catalog",
        }
        if reverse:
            origin = urlsplit(self.amp_url)
            found["mode"] = [f"reverse:{origin.scheme}://{origin.netloc}"]
        elif self.upstream is not None:
            found["mode"] = [self.upstream.mode]
        return found

    def environment(self, environ: Mapping[str, str], port: int, *, reverse: bool, secret: str | None = None) -> dict[str, str]:
        """What a client's environment is to have. `secret`: `user:password` that the proxy wants."""
        url = f"http://{f'{secret}@' if secret else ''}127.0.0.1:{port}"
        if reverse:
            return for_reverse(url, urlsplit(self.amp_url).path)
        return for_proxy(environ, url, str(self.ca_file), str(self.bundle), self.hosts)


def make_plan(
    environ: Mapping[str, str],
    *,
    catalogs: Sequence[str] = (),
    amp_url: str | None = None,
    upstream: str | None = None,
    all_hosts: bool = False,
    name: str = "env",
) -> Plan:
    """Find out what is there, and make what is not: the authority, and the files of certificates, in the state folder; `name` tells those
    of one client from another's.

    Raises OSError, rulefiles.problems.RuleFileError, launch.trust.Unreadable, launch.environment.UnusableProxy.
    """
    amp_url = amp_url or environ.get("AMP_URL") or DEFAULT_AMP_URL
    hosts = hosts_of(amp_url, catalogs)
    chain = chained(environ, upstream)
    place = authority.folder(amp_url, all_hosts=all_hosts)
    made = authority.ensure(place, None if all_hosts else {host for host, _ in hosts})
    trust = state_folder() / "trust"
    make_private(trust)
    own = ("the proxy's own certificate", authority.certificate(place))
    configured = [(variable, Path(os.path.expanduser(file))) for variable, file in configured_cas(environ)]
    configured = [(variable, file) for variable, file in configured if trust not in file.parents]  # ours, of an outer shell
    extra = [each for each in configured if each[0] == EXTRA_CA]
    ca_file, bundle, upstream_bundle = (trust / f"{name}-{kind}.pem" for kind in ("extra", "bundle", "upstream"))
    write_bundle(ca_file, [*extra, own], roots=False)
    write_bundle(bundle, [*configured, own])
    write_bundle(upstream_bundle, configured)
    return Plan(amp_url, hosts, chain, place, ca_file, bundle, upstream_bundle, made)


def hosts_of(amp_url: str, catalogs: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The host of amp.url, then those of the catalogs, each with its port; a catalog by URL has none decrypted.

    Raises rulefiles.problems.RuleFileError.
    """
    local = Catalog.load(*(name for name in catalogs if not is_url(name)))
    named = (f"https://{endpoint.host}" for endpoint in local.endpoints if endpoint.host)
    found = (host_and_port(url) for url in (amp_url, *named))
    return tuple(dict.fromkeys(each for each in found if each is not None))
