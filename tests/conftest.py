"""How the tests are spread over processes: those of a file stay together, and all that share one run of the real clients.

And where they keep state: nothing of a test, or of a program that it starts, lands in the folder of who runs it.
"""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from amp_addons.core.scrub import deepen

# These import an extra at once; scripts/test-otel, which is for them, fails where it is missing.
_HAS_OTEL = find_spec("opentelemetry") and find_spec("opentelemetry.sdk")
collect_ignore = [] if _HAS_OTEL else ["telemetry/test_export.py", "e2e/test_otlp.py"]

settings.register_profile("suite", deadline=None)  # a machine that is busy with something else is no failure
settings.load_profile("suite")

SHARED = "test_clients_"
"""Files in e2e that look at the same run of every runtime's client (the fixture `stage`)."""


def pytest_configure(config):
    folder = tempfile.TemporaryDirectory(prefix="amp-addons-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_STATE_HOME"] = os.path.join(folder.name, "state")
    os.environ["XDG_CACHE_HOME"] = os.path.join(folder.name, "cache")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    # Files that start programs come first, so that many short tests are left to fill up both processes at the end.
    items.sort(key=lambda item: Path(item.path).parent.name not in ("e2e", "tests"))
    for item in items:
        file = Path(item.path)
        name = SHARED if file.name.startswith(SHARED) else str(file)
        item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(autouse=True)
def coarse_scrubbing():
    """Each test begins without the detectors that a proxy of an earlier one has loaded."""
    yield
    deepen(None)


def pytest_make_parametrize_id(val):
    """Bytes that are no short text are named by their length: a compressed one has the time in it, and every process its own."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        return f"{len(val)}-bytes"
    return None
