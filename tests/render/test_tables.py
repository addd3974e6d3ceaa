import io

from rich.console import Console

from amp_addons.core.endpoint import Endpoint, resolve
from amp_addons.render.tables import WIDE, catalog_table

ENDPOINTS = [
    resolve(
        Endpoint(id="provider.x", category="inference", method="POST", path=("/x/**", "/y/**"), provider="x", api="openai-chat"), "mine"
    ),
    resolve(
        Endpoint(id="far", category="web", method=("GET", "PUT"), host="a.example", path="/z", source="main.js:1", versions=("1", "2")),
        "mine",
    ),
]


def drawn(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(*catalog_table("mine", "Our own 1.0", ENDPOINTS, width), sep="\n")
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_narrow_table_has_two_lines_an_endpoint() -> None:
    assert drawn(80) == [
        "mine  Our own 1.0",
        "POST  /x/**                                    provider.x",
        "POST  /y/**",
        "      inference · x · proxied · openai-chat",
        "GET,PUT a.example/z                            far",
        "      web · external · main.js:1; seen in 1, 2",
        "",
    ]


def test_a_wide_table_has_a_column_for_everything() -> None:
    assert drawn(WIDE) == [
        "mine  Our own 1.0",
        "METHOD   PATH         ENDPOINT    CATEGORY   PROVIDER  ROUTE     API          CATALOG  SOURCE",
        "POST     /x/**        provider.x  inference  x         proxied   openai-chat  mine     -",
        "POST     /y/**        provider.x  inference  x         proxied   openai-chat  mine     -",
        "GET,PUT  a.example/z  far         web        -         external  -            mine     main.js:1; seen in 1, 2",
        "",
    ]
