"""Variables as each shell sets and unsets them, quoted so that nothing in a value is run (THREATS 7)."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import NamedTuple


class Shell(NamedTuple):
    """`assign` gives the line that sets a variable, `remove` the one that unsets it; `use` is how the lines get into the shell."""

    assign: Callable[[str, str], str]
    remove: Callable[[str], str]
    use: str


def _posix(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _power(value: str) -> str:
    # PowerShell takes typographic quotes for quotes.
    return "'" + "".join(letter * 2 if letter in "'\u2018\u2019\u201a\u201b" else letter for letter in value) + "'"


_sh = Shell(lambda name, value: f"export {name}={_posix(value)}", lambda name: f"unset {name}", 'eval "$(amp-addons env)"')

SHELLS = {
    "bash": _sh,
    "zsh": _sh,
    "sh": _sh,
    "fish": Shell(
        lambda name, value: f"set -gx {name} {_fish(value)}",
        lambda name: f"set -e {name}",
        "amp-addons env --shell fish | source",
    ),
    "powershell": Shell(
        lambda name, value: f"$Env:{name} = {_power(value)}",
        lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        "amp-addons env --shell powershell | Out-String | Invoke-Expression",
    ),
}


def shell_of(environ: Mapping[str, str]) -> str:
    """The shell in use, by $SHELL; where that says nothing, what the system has."""
    name = PurePath(environ.get("SHELL", "")).name
    return name if name in SHELLS else "powershell" if os.name == "nt" else "sh"


def lines(shell: str, values: Mapping[str, str]) -> Iterable[str]:
    return (SHELLS[shell].assign(name, value) for name, value in values.items())
