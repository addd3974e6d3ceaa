"""The client: which `amp` is started here, what it runs on, and whether that will go through the proxy."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shutil import which

from amp_addons.doctor.finding import Finding, either, ok, skipped, warning
from amp_addons.launch.silence import obeys_proxy, runtime_of

ASK_WITHIN = 6.0
_VERSION = re.compile(r"\d+\.\d+\.\d+[\w.+-]{0,40}")
_REVERSE = "`amp-addons exec --reverse -- amp`, or `amp-addons run --reverse` with `amp-addons env --reverse`; or Node 24."


def client(
    environ: Mapping[str, str], proxied: bool, reverse: bool, runtime: Callable[[str], tuple[str, tuple[int, int] | None]] = runtime_of
) -> Iterator[Finding]:
    """`proxied` and `reverse` say by which way the environment leads to the proxy, if by any."""
    path = which("amp", path=environ.get("PATH"))
    if path is None:
        yield warning(
            "client", "found no `amp` on PATH", "Install the Amp CLI, or have its folder in PATH. A client in an IDE is not seen here."
        )
        return
    version = _asked(path, environ)
    yield ok("client", f"{path}, {f'version {version}' if version else 'which does not tell its version'}")
    if "@ampcode" in Path(path).resolve().parts:  # its script in front is Node's, the client itself is not
        yield ok("client.runtime", "it is the native client, which obeys HTTPS_PROXY")
        return
    name, number = runtime(path)
    yield _runtime(name, number, environ, proxied, reverse)


def _runtime(name: str, version: tuple[int, int] | None, environ: Mapping[str, str], proxied: bool, reverse: bool) -> Finding:
    if reverse:
        return ok("client.runtime", f"it runs on {_told(name, version)}; in reverse mode every runtime gets to the proxy")
    if name in ("bun", "native"):
        return ok(
            "client.runtime",
            "it runs on Bun, which obeys HTTPS_PROXY" if name == "bun" else "it is a native program, which obeys HTTPS_PROXY",
        )
    if name != "node":
        hint = "On Windows amp.cmd starts the node on PATH." if os.name == "nt" else None
        return skipped("client.runtime", f"what it runs on ({_told(name, version)}) says nothing about whether it obeys HTTPS_PROXY", hint)
    tell = either(proxied)
    if version is None:
        return tell(
            "client.runtime",
            "it runs on Node, which does not tell its version",
            "Is the `node` that it names there? Node before 22.21 and 24 ignores HTTPS_PROXY.",
        )
    if not obeys_proxy(version):
        return tell("client.runtime", f"it runs on {_told(name, version)}, which ignores HTTPS_PROXY: the proxy sees nothing", _REVERSE)
    if environ.get("NODE_USE_ENV_PROXY") != "1":
        return tell(
            "client.runtime",
            f"it runs on {_told(name, version)}, which obeys HTTPS_PROXY only with NODE_USE_ENV_PROXY=1",
            "`export NODE_USE_ENV_PROXY=1`; `amp-addons env` does.",
        )
    return ok("client.runtime", f"it runs on {_told(name, version)}, which obeys HTTPS_PROXY (NODE_USE_ENV_PROXY=1)")


def _told(name: str, version: tuple[int, int] | None) -> str:
    names = {"node": "Node", "bun": "Bun", "native": "a native program", "python": "Python", "": "something unknown"}
    return names.get(name, name) + (f" {version[0]}.{version[1]}" if version else "")


def _asked(path: str, environ: Mapping[str, str]) -> str | None:
    """What `amp --version` says."""
    try:
        said = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ASK_WITHIN,
            check=False,
            env={**environ, "AMP_SKIP_UPDATE_CHECK": "1"},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(said[:4096].decode("utf-8", "replace"))
    return match[0] if match else None
