"""Where the YAML that ships with the package lies."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(*parts: str) -> Path:
    """A file or folder of `rules/`: inside of the package when installed from a wheel, beside it in a checkout."""
    inside = _PACKAGE / "rules"
    return (inside if inside.is_dir() else _PACKAGE.parent / "rules").joinpath(*parts)
