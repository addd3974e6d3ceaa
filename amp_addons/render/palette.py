"""The colours, as escape codes made once: finished lines are put together as plain strings, a thousand of them a second.

Only the sixteen colours of the terminal's own theme are used: they fit light and dark alike, and every terminal has them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.color import ColorSystem
from rich.style import Style

CATEGORIES: Mapping[str, str] = {
    "inference": "cyan",
    "user": "green",
    "threads": "bright_blue",
    "github": "magenta",
    "realtime": "bright_magenta",
    "telemetry": "bright_black",
    "internal": "blue",
    "web": "bright_cyan",
    "update": "bright_black",
    "other": "bright_black",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """What begins each style; `off` ends any. All of them are empty without colours."""

    off: str = ""
    dim: str = ""
    strong: str = ""
    good: str = ""
    warning: str = ""
    error: str = ""
    unknown: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)

    def of(self, category: str) -> str:
        """The colour of a category; none for one that is not known."""
        return self.categories.get(category, "")


_STYLES = {"dim": "dim", "strong": "bold", "good": "green", "warning": "yellow", "error": "bold red", "unknown": "bold yellow"}

PLAIN = Palette()


def palette(colours: bool) -> Palette:
    """The palette of a terminal, with NO_COLOR (no-color.org) obeyed."""
    if not colours or os.environ.get("NO_COLOR"):
        return PLAIN
    categories = {name: _code(style) for name, style in CATEGORIES.items()}
    return Palette(off="\x1b[0m", categories=categories, **{name: _code(style) for name, style in _STYLES.items()})


def _code(style: str) -> str:
    return Style.parse(style).render("|", color_system=ColorSystem.STANDARD).partition("|")[0]
