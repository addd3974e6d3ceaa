"""Packages that are there only where they were asked for (`pip install 'amp-addons[cluster]'`)."""

from importlib.util import find_spec


def lacking(extra: str, *modules: str) -> str | None:
    """What to say where one of these modules is not installed; None where all are."""
    missing = [module for module in modules if find_spec(module) is None]
    if not missing:
        return None
    return f"found no {' and no '.join(missing)}, expected the extra '{extra}': pip install 'amp-addons[{extra}]'"
