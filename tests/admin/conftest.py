from collections.abc import Callable
from pathlib import Path

import pytest

from amp_addons.admin.egress import Egress
from amp_addons.rulefiles.catalog import Catalog

type Gather = Callable[..., Egress]


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Catalog]:
    """The shipped catalogs with one of the user's on top."""

    def load(content: str = "") -> Catalog:
        path = tmp_path / "mine.yaml"
        path.write_text("catalog: mine\n" + content)
        return Catalog.load(path) if content else Catalog.load()

    return load


@pytest.fixture
def gather(load: Callable[[str], Catalog]) -> Gather:
    """What `admin` gathers for this amp.url, with a catalog of the user's on top."""

    def gather(amp_url: str = "https://ampcode.com", content: str = "") -> Egress:
        return Egress.of(load(content), amp_url, "amp-addons 9")

    return gather
