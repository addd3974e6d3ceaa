"""Why a client may have made no request through its proxy, and what to try."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

ASK_WITHIN = 10.0
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def why_silent(command: Sequence[str], reverse: bool) -> list[str]:
    """Sentences for people."""
    runtime, version = runtime_of(command[0])
    remedy = "try amp-addons exec --reverse -- …"
    if reverse:
        reason = "It may have made none, or its settings name another amp.url than AMP_URL."
    elif runtime == "node" and version is not None and not obeys_proxy(version):
        reason = f"{Path(command[0]).name} runs on Node {version[0]}.{version[1]}, which ignores HTTPS_PROXY: {remedy}"
    else:
        reason = f"It may have made none, or it ignores HTTPS_PROXY, as Node before 22.21 and 24 does: {remedy}"
    return ["amp_addons: no request came through the proxy.", f"  {reason}", "  `amp-addons doctor` looks for the cause."]


def obeys_proxy(version: tuple[int, int]) -> bool:
    """Whether this Node obeys HTTPS_PROXY, given NODE_USE_ENV_PROXY=1."""
    return version >= (24, 0) or (version[0] == 22 and version >= (22, 21))


def runtime_of(program: str) -> tuple[str, tuple[int, int] | None]:
    """What a program runs on (`node`, `bun`, `python`, `native`, or "" where that cannot be told), and the version of node."""
    path = which(program)
    if path is None:
        return "", None
    found = _interpreter(Path(path).resolve())
    if found is None:
        return "", None
    name, interpreter = found
    return name, _node_version(interpreter) if name == "node" else None


def _interpreter(path: Path) -> tuple[str, str] | None:
    try:
        with path.open("rb") as file:
            start = file.read(256)
    except OSError:
        return None
    own = path.name.lower().removesuffix(".exe")
    if start.startswith(b"#!"):
        words = start[2:].split(b"\n")[0].decode("utf-8", "replace").split()
        names = [Path(word).name for word in words if not word.startswith("-") and "=" not in word]
        name = next((each for each in names if each != "env"), "")
        interpreter = words[0] if words and Path(words[0]).name == name else which(name) or name
        return _kind(name), interpreter
    if start.startswith((b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")):
        return _kind(own, "native"), str(path)
    return None


def _kind(name: str, otherwise: str = "") -> str:
    if name.startswith(("node", "nodejs")):
        return "node"
    return "bun" if name.startswith("bun") else "python" if name.startswith("python") else otherwise


def _node_version(interpreter: str) -> tuple[int, int] | None:
    try:
        said = subprocess.run([interpreter, "--version"], capture_output=True, text=True, timeout=ASK_WITHIN, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.match(said.strip())
    return (int(match[1]), int(match[2])) if match else None
