"""This program: Python, mitmproxy, the mitmdump that a person would start, and the platform."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from amp_addons.doctor.finding import Finding, failure, ok, warning

OLDEST_PYTHON = (3, 12)
TESTED = ((12, 2), (13, 0))
"""mitmproxy from the first to before the second."""

_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")


def versions(python: tuple[int, ...], mitmproxy: str | None, mitmdump: Path | None, own: Path) -> Iterator[Finding]:
    """`mitmdump` is the one on PATH, `own` the folder of this environment's programs."""
    yield _python(python)
    yield _mitmproxy(mitmproxy)
    if mitmdump is not None and mitmdump.parent.resolve() != own.resolve():
        yield _other(mitmdump, own)


def _python(version: tuple[int, ...]) -> Finding:
    text = f"Python {'.'.join(map(str, version[:3]))}"
    if version[:2] >= OLDEST_PYTHON:
        return ok("python", text)
    return failure("python", f"{text} is too old", "Python 3.12 or later is needed: `scripts/setup` looks for one.")


def _mitmproxy(version: str | None) -> Finding:
    if version is None:
        return failure("mitmproxy", "mitmproxy is not installed beside amp-addons", "Install amp-addons anew: `scripts/setup`.")
    found = tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
    if TESTED[0] <= found < TESTED[1]:
        return ok("mitmproxy", f"mitmproxy {version}")
    return failure("mitmproxy", f"mitmproxy {version} is not one that amp-addons was tried on", "Install mitmproxy 12.2 or a later 12.")


def _other(mitmdump: Path, own: Path) -> Finding:
    with mitmdump.open("rb") as file:
        binary = file.read(4).startswith(_PROGRAMS)
    if binary:
        return warning(
            "mitmproxy.path",
            f"the mitmdump on PATH ({mitmdump}) is a standalone binary: it takes no extra packages, so `-s amp_addons` cannot work there",
            f"Start the suite by `amp-addons run`, or by {own / 'mitmdump'}.",
        )
    return warning(
        "mitmproxy.path",
        f"the mitmdump on PATH ({mitmdump}) is another installation, which may not have amp-addons",
        f"Start the suite by `amp-addons run`, or by {own / 'mitmdump'}.",
    )


def platform(name: str, release: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What is different on this platform: `name` as `sys.platform` has it, `release` of its kernel."""
    if name == "win32":
        yield ok(
            "platform",
            "Windows: files are kept from others by the access list of your folder, not by modes; signals are not passed on by `exec`",
            "The client is amp.cmd there, and AMP_SETTINGS_FILE and variables are set in PowerShell: `amp-addons env --shell powershell`.",
        )
    elif environ.get("WSL_DISTRO_NAME") or "microsoft" in release.lower():
        yield ok(
            "platform",
            "Linux inside Windows (WSL): 127.0.0.1 here may be another one than Windows' own",
            "Start proxy and client on the same side, both in WSL. A client of Windows' needs the certificate in a path of Windows' too.",
        )
