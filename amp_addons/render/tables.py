"""Endpoint catalogs as tables: all columns where the terminal is wide, two lines an endpoint where it is not."""

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from amp_addons.core.endpoint import Endpoint
from amp_addons.render.palette import CATEGORIES

WIDE = 190
"""From this width on (columns) one line holds everything but a long list of versions."""

_PATH_WIDTH = 47


def catalog_table(name: str, title: str, endpoints: Iterable[Endpoint], width: int) -> Iterator[RenderableType]:
    """One catalog under its heading."""
    yield Text.assemble((name, "bold"), "  ", (title, "dim"))
    if width >= WIDE:
        yield _wide(endpoints)
    else:
        for endpoint in endpoints:
            yield from _stacked(endpoint)
    yield Text()


def _wide(endpoints: Iterable[Endpoint]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("METHOD", "PATH", "ENDPOINT", "CATEGORY", "PROVIDER", "ROUTE", "API", "CATALOG"):
        table.add_column(heading, no_wrap=True)
    table.add_column("SOURCE")
    for e in endpoints:
        style = CATEGORIES.get(e.category, "")
        for path in _paths(e):
            cells = (
                ",".join(e.methods),
                path,
                Text(e.id, style),
                Text(e.category, style),
                e.provider,
                e.route,
                e.api,
                e.catalog,
                _source(e) or None,
            )
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell or Text("-", "dim") for cell in cells))
    return table


def _stacked(endpoint: Endpoint) -> Iterator[RenderableType]:
    id_ = Text(endpoint.id, CATEGORIES.get(endpoint.category, ""))
    for path in _paths(endpoint):
        line = Text.assemble((f"{','.join(endpoint.methods):<5} ", "bold"), path)
        line.pad_right(max(1, _PATH_WIDTH - len(line)))
        yield line.append_text(id_)
        id_ = Text()
    about = (endpoint.category, endpoint.provider, endpoint.route, endpoint.api, _source(endpoint))
    yield Padding(Text(" · ".join(part for part in about if part), "dim"), (0, 0, 0, 6))


def _paths(endpoint: Endpoint) -> list[str]:
    return [f"{endpoint.host or ''}{path}" for path in endpoint.paths]


def _source(endpoint: Endpoint) -> str:
    seen = f"seen in {', '.join(endpoint.versions)}" if endpoint.versions else ""
    return seen if endpoint.source in (None, seen) else "; ".join(part for part in (endpoint.source, seen) if part)
