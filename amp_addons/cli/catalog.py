"""`amp-addons catalog`: what the endpoint catalogs know."""

import msgspec
import rich_click as click

from amp_addons.cli import options, output
from amp_addons.rulefiles.catalog import Catalog


@click.command()
@click.argument("files", nargs=-1, metavar="[FILES]...")
@options.as_json
def catalog(files: tuple[str, ...], as_json: bool) -> None:
    """Print the endpoint catalogs that ship, and on top of them FILES, catalogs of your own.

    With --json every fact is printed, those about headers, proxies and telemetry included. Example:

    \b
        amp-addons catalog --json | jq '.endpoints[].id'
    """
    found = Catalog.load(*files)
    if as_json:
        catalogs = [msgspec.structs.replace(file, endpoints=()) for file in found.files]
        return output.print_json({"catalogs": catalogs, "endpoints": found.endpoints})
    from amp_addons.render.tables import catalog_table

    for file, endpoints in zip(found.files, found.groups, strict=True):
        title = " ".join(part for part in (file.title, file.version) if part)
        output.show(*catalog_table(file.catalog, title, endpoints, output.width()))
