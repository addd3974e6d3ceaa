"""`amp-addons classify`: which endpoint a request is, and why."""

from typing import Any

import msgspec
import rich_click as click

from amp_addons.cli import options, output
from amp_addons.core.classify import Classification
from amp_addons.core.classify import classify as look_up
from amp_addons.core.nearest import row_text, why
from amp_addons.core.scrub import MASK, is_secret_name, scrub_text
from amp_addons.rulefiles.catalog import Catalog


@click.command()
@click.argument("method")
@click.argument("url")
@options.headers
@options.amp_url
@options.catalogs
@options.as_json
def classify(method: str, url: str, headers: tuple[tuple[str, str], ...], amp_url: str, catalogs: tuple[str, ...], as_json: bool) -> None:
    """Say which endpoint the request METHOD URL is, by which row of the catalogs, and for an unknown one which row is nearest.

    URL may be a path alone: it is then taken to be on the host of amp.url, or of a Host header. Example:

    \b
        amp-addons classify POST /api/provider/anthropic/v1/messages
    """
    catalog = Catalog.load(*catalogs)
    named = dict(headers)
    found = look_up(catalog, method, url, named, amp_url)
    row, reasons = why(catalog, method, url, named, amp_url)
    facts = _facts(found)
    if as_json:
        return output.print_json({**facts, "row": row_text(row) if row else None, "why": [scrub_text(reason) for reason in reasons]})
    fields = facts.pop("fields")
    lines = {**facts, **fields, "row": row_text(row) if row else None}
    shown = [(name, _plain(value)) for name, value in lines.items()]
    shown += [("why" if not place else "", scrub_text(reason)) for place, reason in enumerate(reasons)]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        click.echo(f"{name:<{width}}  {value}")


def _facts(found: Classification) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.structs.asdict(found)
    facts["fields"] = {name: MASK if is_secret_name(name) else scrub_text(value) for name, value in found.fields.items()}
    return facts


def _plain(value: object) -> str:
    return "-" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
