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
@click.argument("method", required=False)
@click.argument("url", required=False)
@click.option(
    "--flow", "recording", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A recorded flow instead."
)
@click.option("--number", default=1, show_default=True, type=click.IntRange(1), help="Which HTTP flow of the recording.")
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
    method: str | None,
    url: str | None,
    recording: Path | None,
    number: int,
    headers: tuple[tuple[str, str], ...],
    body: str | None,
    files: tuple[str, ...],
    client: str,
    placeholder_credentials: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what the rules do with the request METHOD URL (or with a recorded flow), and why: each rule in order, the decision, and what is
    sent beside what came.

    URL may be a path alone: it is then below amp.url. Nothing is sent anywhere, and no credential is shown. Example:

    \b
        amp-addons explain POST /api/telemetry --rules rules.yaml
        amp-addons explain --flow yesterday.flows --number 12 --rules rules.yaml
    """
    if (recording is None) is (method is None or url is None):
        raise click.UsageError("found neither, or both, of METHOD URL and --flow FILE; expected one of them")
    deepen_scrubbing()
    paths = files or (str(shipped("default.yaml")),)
    rules = RuleSet.load(*paths, catalog=Catalog.load(*catalogs), amp_url=amp_url, placeholders=placeholder_credentials)
    if recording is not None:
        from amp_addons.replay.captured import Damage
        from amp_addons.replay.choose import NoSuchRequest, choose

        try:
            exchange = choose(str(recording), None, number).exchange()
        except (Damage, NoSuchRequest) as error:
            raise click.ClickException(f"{recording}: {error}" if isinstance(error, Damage) else str(error)) from error
    else:
        exchange = Exchange(method or "", below(amp_url, url or ""), headers, _read(body), client=client)
    found = reasons(rules, exchange)
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
