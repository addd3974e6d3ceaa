"""`amp-addons admin`: for network administrators, what the catalogs mean for proxies, allowlists and packet filters."""

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Any

import rich_click as click
from click.core import ParameterSource

from amp_addons import __version__
from amp_addons.admin import balancer, envoy, haproxy, nftables, nginx, noproxy, pac, plain, squid, urls
from amp_addons.admin.egress import Egress, Place
from amp_addons.admin.reverse import Listener
from amp_addons.cli import options, output
from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.target import PLAIN, is_plain
from amp_addons.rulefiles.catalog import Catalog

CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
FORMATS = ("plain", "squid", "nginx", "envoy", "haproxy", "nftables")
REVERSE: dict[str, Callable[[Egress, Listener], Iterator[str]]] = {"nginx": nginx.nginx, "envoy": envoy.envoy, "haproxy": haproxy.haproxy}
"""Those that listen somewhere."""


def _place(_ctx: click.Context, _param: click.Parameter, value: str) -> Place:
    try:
        return Place.parse(value, None)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _ca_file(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    # No quoting is understood by all of nginx, HAProxy and YAML.
    if not re.fullmatch(r"[A-Za-z0-9_./+@-]+", value):
        raise click.BadParameter("expected a path of letters, digits and . _ / + @ - only")
    return value


@click.group(no_args_is_help=True)
def admin() -> None:
    """For network administrators: write what the endpoint catalogs say in the language of a proxy, allowlist or packet filter.

    Every output says which catalogs and versions of the client it comes from, and which hosts are required. Example:

    \b
        amp-addons admin allowlist --format squid > /etc/squid/amp.conf
        amp-addons admin urls --amp-url https://amp.corp.example
    """


@admin.command("pac")
@click.option(
    "--proxy", metavar="HOST:PORT", default="127.0.0.1:8080", show_default=True, callback=_place, help="The proxy to send requests to."
)
@click.option(
    "--through",
    type=click.Choice(["required", "all"]),
    default="required",
    show_default=True,
    help="What goes through the proxy: amp.url and other required hosts, or all, OpenRouter included.",
)
@options.amp_url
@options.catalogs
def pac_(proxy: Place, through: str, amp_url: str, catalogs: tuple[str, ...]) -> None:
    """Write a proxy auto-config file.

    Example:

    \b
        amp-addons admin pac --proxy proxy.corp.example:8080 > amp.pac
    """
    egress = _egress(Catalog.load(*catalogs), amp_url)
    _print(pac.pac(egress, proxy, everything=through == "all"))
    _note(pac.NOT_READ)


@admin.command("no-proxy")
@options.amp_url
@options.catalogs
@options.as_json
def no_proxy(amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> None:
    """Say what must be left out of NO_PROXY, and what may stay in it.

    Example:

    \b
        amp-addons admin no-proxy --json | jq '.must_be_left_out[].entries'
    """
    egress = _egress(Catalog.load(*catalogs), amp_url)
    found = noproxy.NoProxy.of(egress)
    if as_json:
        return output.print_json(found)
    _print(noproxy.no_proxy(egress, found))


@admin.command()
@click.option("--format", "format_", type=click.Choice(FORMATS), default="plain", show_default=True, help="Whose language.")
@click.option("--required-only", is_flag=True, help="Leave out what the client can do without.")
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8081",
    show_default=True,
    callback=_place,
    help="nginx, envoy, haproxy: where it listens.",
)
@click.option(
    "--ca-file",
    metavar="FILE",
    default=CA_FILE,
    show_default=True,
    callback=_ca_file,
    help="nginx, envoy, haproxy: certificate authorities that it trusts.",
)
@click.option("--resolve", is_flag=True, help="nftables: look the names up now, and fill the sets.")
@options.amp_url
@options.catalogs
@options.as_json
@click.pass_context
def allowlist(
    ctx: click.Context,
    format_: str,
    required_only: bool,
    listen: Place,
    ca_file: str,
    resolve: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the hosts and ports that the client connects to.

    Example:

    \b
        amp-addons admin allowlist                                    # host:port a line
        amp-addons admin allowlist --format nftables --resolve > amp.nft
    """
    _refuse_unused(ctx, format_, as_json)
    egress = _egress(Catalog.load(*catalogs), amp_url)
    if required_only:
        egress = egress.required()
    if as_json:
        return output.print_json(egress)
    if format_ in REVERSE:
        _print(REVERSE[format_](egress, Listener(listen, ca_file)))
    elif format_ == "nftables":
        _print(nftables.nftables(egress, _look_up(egress) if resolve else None))
        _note(nftables.ADDRESSES_ONLY)
    else:
        _print((squid.squid if format_ == "squid" else plain.plain)(egress))


@admin.command("haproxy")
@click.option(
    "--proxy",
    "proxies",
    metavar="HOST:PORT[/HEALTH]",
    multiple=True,
    required=True,
    help="A proxy of the suite (repeatable), and the port of its amp_health where that is another one.",
)
@click.option(
    "--health-port",
    type=click.IntRange(1, 65535),
    default=balancer.HEALTH_PORT,
    show_default=True,
    help="The port of the proxies' amp_health.",
)
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:8080", show_default=True, callback=_place, help="Where HAProxy listens for clients."
)
@options.catalogs
def haproxy_(proxies: tuple[str, ...], health_port: int, listen: Place, catalogs: tuple[str, ...]) -> None:
    """Write a configuration of HAProxy that makes one proxy of several.

    Example:

    \b
        amp-addons admin haproxy --listen 0.0.0.0:8080 --proxy 10.0.0.1:8080 --proxy 10.0.0.2:8080 > /etc/haproxy/amp.cfg
        amp-addons admin haproxy --proxy 127.0.0.1:8081/9081 --proxy 127.0.0.1:8082/9082
    """
    try:
        found = [balancer.Backend.parse(text, health_port) for text in proxies]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--proxy") from None
    if twice := next((each.place for each in found if [other.place for other in found].count(each.place) > 1), None):
        raise click.BadParameter(f"found {twice} more than once, expected each proxy once", param_hint="--proxy")
    if listen in [each.place for each in found]:
        raise click.BadParameter(f"found {listen}, where a proxy listens, expected another place", param_hint="--listen")
    limits = _egress(Catalog.load(*catalogs), DEFAULT_AMP_URL).timeouts
    _print(balancer.balancer(listen, found, limits, f"amp-addons {__version__}"))


@admin.command("urls")
@options.amp_url
@options.catalogs
@options.as_json
def urls_(amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> None:
    """Print the URL patterns that must be proxied, and those that must be allowed: section 9 of the endpoint document, and what it misses.

    `*` stands for anything. Example:

    \b
        amp-addons admin urls --json | jq -r '.[] | select(.need == "required") | .pattern'
    """
    catalog = Catalog.load(*catalogs)
    egress = _egress(catalog, amp_url)
    try:
        found = urls.urls(catalog, egress)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        return output.print_json(found)
    _print(urls.text(egress, found))


def _egress(catalog: Catalog, amp_url: str) -> Egress:
    try:
        egress = Egress.of(catalog, amp_url, f"amp-addons {__version__}")
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if is_plain(amp_url):
        _note(f"{PLAIN}.")
    return egress


def _refuse_unused(ctx: click.Context, format_: str, as_json: bool) -> None:
    """An option that would change nothing is a mistake of who gives it."""
    used: dict[str, Iterable[str]] = {"listen": REVERSE, "ca_file": REVERSE, "resolve": ["nftables"]}
    for name, formats in used.items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and (as_json or format_ not in formats):
            raise click.UsageError(f"--{name.replace('_', '-')} is for --format {', '.join(formats)}")
    if as_json and ctx.get_parameter_source("format_") is ParameterSource.COMMANDLINE:
        raise click.UsageError("found --json and --format, expected one of them: JSON is a format of its own")


def _look_up(egress: Egress) -> dict[Place, list[nftables.Address]]:
    found = {}
    for place in (host.place for host in egress.hosts if not host.place.address):
        try:
            answers = socket.getaddrinfo(place.name, place.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise click.ClickException(f"{place.name} was not found ({error.strerror}): its set would shut the client out") from error
        found[place] = [ip_address(str(address[0]).partition("%")[0]) for *_, address in answers]
    return found


def _print(lines: Iterable[str]) -> Any:
    click.echo("\n".join(lines))


def _note(text: str) -> None:
    click.echo(f"Note: {text}", err=True)
