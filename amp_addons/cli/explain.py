"""`amp-addons explain`: what the rules do with a request, rule by rule, and why."""

import sys
from ipaddress import ip_address
from pathlib import Path

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.explanation import explain as reasons
from amp_addons.core.target import below
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.detectors import deepen_scrubbing
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped


def _address(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise click.BadParameter(f"found {value!r}, expected an address such as 10.1.2.3") from None
    return value


@click.command()
@click.argument("method")
@click.argument("url")
@options.headers
@click.option(
    "--body", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True), help="The body ('-': standard input)."
)
@click.option("--rules", "files", metavar="FILE", multiple=True, help="A rule file (repeatable, in order); default: the rules that ship.")
@click.option(
    "--client", metavar="ADDRESS", default="127.0.0.1", show_default=True, callback=_address, help="The address that it comes from."
)
@options.placeholder_credentials
@options.amp_url
@options.catalogs
@options.as_json
def explain(
    method: str,
    url: str,
    headers: tuple[tuple[str, str], ...],
    body: str | None,
    files: tuple[str, ...],
    client: str,
    placeholder_credentials: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what the rules do with the request METHOD URL, and why: each rule in order, the decision, and what is sent beside what came.

    URL may be a path alone: it is then below amp.url. Nothing is sent anywhere, and no credential is shown. Example:

    \b
        amp-addons explain POST /api/telemetry --rules rules.yaml
    """
    deepen_scrubbing()
    paths = files or (str(shipped("default.yaml")),)
    rules = RuleSet.load(*paths, catalog=Catalog.load(*catalogs), amp_url=amp_url, placeholders=placeholder_credentials)
    found = reasons(rules, Exchange(method, below(amp_url, url), headers, _read(body), client=client))
    if as_json:
        return output.print_json(found)
    from amp_addons.render.explained import report
    from amp_addons.render.palette import palette

    for line in report(palette(output.is_terminal()), output.width(), found):
        click.echo(line)


def _read(body: str | None) -> bytes:
    if body is None:
        return b""
    return sys.stdin.buffer.read() if body == "-" else Path(body).read_bytes()
