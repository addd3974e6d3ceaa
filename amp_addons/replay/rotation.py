"""When a recording begins a new file, what the file is called, and which old ones go (`amp_record_rotate`)."""

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

_UNITS = {"": 1, "B": 1, "K": 10**3, "KB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9}
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d{1,9}) ?([KMG]?B?)", re.IGNORECASE | re.ASCII)
_AGE = re.compile(r"(\d{1,6}) ?([smhd])", re.ASCII)
_KEEP = re.compile(r"\d{1,6}", re.ASCII)
_TIME = "-%Y%m%d-%H%M%S"
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_NUMBERS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3, "y": 2, "s": 10}
"""The directives of strftime that give a number of so many digits: only these, so that what a pattern made can be told from other files."""


class Rotation(NamedTuple):
    """A new file when one has `size` bytes, or is `age` seconds old; the newest `keep` files stay. 0: without that limit."""

    size: int = 0
    age: int = 0
    keep: int = 0

    @classmethod
    def parse(cls, text: str) -> "Rotation":
        """`size=100MB age=1h keep=20`, any of them, in any order. Raises ValueError with what was found and what was expected."""
        found: dict[str, int] = {}
        for part in text.replace(",", " ").split():
            name, _, value = part.partition("=")
            if name == "size" and (match := _SIZE.fullmatch(value)):
                found[name] = int(match[1]) * _UNITS[match[2].upper()]
            elif name == "age" and (match := _AGE.fullmatch(value)):
                found[name] = int(match[1]) * _SPANS[match[2]]
            elif name == "keep" and _KEEP.fullmatch(value):
                found[name] = int(value)
            else:
                raise ValueError(f"found {part!r}, expected size=100MB, age=1h or keep=20, or several of them")
            if not found[name]:
                raise ValueError(f"found {part!r}, expected more than 0")
        return cls(**found)

    def is_due(self, size: int, age: float) -> bool:
        return bool(self.size and size >= self.size) or bool(self.age and age >= self.age)


class Naming:
    """The names of a recording's files. `pattern` is a path whose last part may have directives of strftime (%Y%m%d-%H%M%S).

    With rotation a name without any gets the time before its ending. Raises ValueError for a directive that gives no number.
    """

    def __init__(self, pattern: str, rotation: Rotation) -> None:
        path = Path(os.path.expanduser(pattern))
        name = path.name
        if "%" in str(path.parent):
            raise ValueError("found % in a folder's name, expected it in the name of the file alone")
        for directive in _DIRECTIVE.findall(name):
            if directive != "%" and directive not in _NUMBERS:
                raise ValueError(f"found %{directive}, expected some of {', '.join('%' + letter for letter in _NUMBERS)}")
        if rotation != Rotation() and all(directive == "%" for directive in _DIRECTIVE.findall(name)):
            name = f"{path.stem}{_TIME}{path.suffix}"
        self._folder, self._name = path.parent, name

    def path(self, now: float) -> Path:
        """The file that is begun at this time."""
        return self._folder / time.strftime(self._name, time.localtime(now))

    def fresh(self, now: float) -> Path:
        """A file that is not there yet: where a rotation makes two in a second, the second has a number."""
        path = first = self.path(now)
        number = 2
        while path.exists():
            path = first.with_name(f"{first.stem}.{number}{first.suffix}")
            number += 1
        return path

    def surplus(self, keep: int, current: Path) -> list[Path]:
        """The files that the pattern has made beyond the newest `keep`, oldest first. The one that is written now is the newest."""
        shape = re.compile(_shape(self._name), re.ASCII)
        with os.scandir(self._folder) as entries:
            found = [entry for entry in entries if shape.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
        found.sort(key=lambda entry: (entry.name == current.name, entry.stat().st_mtime_ns, entry.name))
        return [Path(entry.path) for entry in found[: max(0, len(found) - keep)]]


def _shape(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    return _regex(stem) + r"(?:\.\d+)?" + (re.escape(dot) + _regex(ending) if dot else "")


def _regex(text: str) -> str:
    parts, place = [], 0
    for found in _DIRECTIVE.finditer(text):
        parts.append(re.escape(text[place : found.start()]))
        parts.append("%" if found[1] == "%" else rf"\d{{{_NUMBERS[found[1]]}}}")
        place = found.end()
    return "".join([*parts, re.escape(text[place:])])
