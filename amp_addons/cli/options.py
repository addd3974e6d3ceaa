"""Arguments that several commands take, checked once."""

import os
from collections.abc import Callable
from typing import Any

import rich_click as click

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.target import split_target

type Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _amp_url(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    host, _, query = split_target(value)
    if host and value.lower().startswith(("http://", "https://")) and not query and "#" not in value:
        return value
    # The value is not repeated: a URL may have a password in it.
    raise click.BadParameter("expected http:// or https:// with a host, and perhaps a port and a path, such as https://ampcode.com")


def _headers(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [value.partition(":") for value in values]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        raise click.BadParameter("expected 'Name: value'")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _where(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Any:
    from amp_addons.replay.where import parse_where

    try:
        return None if value is None else parse_where(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


amp_url: Decorator = click.option(
    "--amp-url",
    metavar="URL",
    default=lambda: os.environ.get("AMP_URL") or DEFAULT_AMP_URL,
    show_default=f"$AMP_URL, else {DEFAULT_AMP_URL}",
    callback=_amp_url,
    help="Where the Amp service is: the client's amp.url.",
)
headers: Decorator = click.option(
    "-H", "--header", "headers", metavar="'NAME: VALUE'", multiple=True, callback=_headers, help="A request header (repeatable)."
)
catalogs: Decorator = click.option(
    "--catalog",
    "catalogs",
    metavar="FILE",
    multiple=True,
    help="A catalog of your own; its rows come before the shipped ones (repeatable).",
)
where: Decorator = click.option(
    "--where", metavar="'KEY=VALUE …'", callback=_where, help="Only flows that match, by the match keys of rules."
)
as_json: Decorator = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force: Decorator = click.option("-f", "--force", is_flag=True, help="Replace a file that is there already.")
placeholder_credentials: Decorator = click.option(
    "--placeholder-credentials",
    is_flag=True,
    help="Read no credential: each is a placeholder. For trying rules where the keys are not.",
)
