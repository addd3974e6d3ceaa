"""Amp's settings files: what in them leads past the proxy. Values of keys are never shown.

Where they are is what the client's manual and help say, and what others observed: `$AMP_SETTINGS_FILE`, else
`$XDG_CONFIG_HOME/amp/settings.json` (or .jsonc), a workspace's `.amp/settings.json`, and a company's managed settings, which win.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from amp_addons.doctor import jsonc
from amp_addons.doctor.environment import is_ours
from amp_addons.doctor.finding import Finding, failure, ok, skipped, warning
from amp_addons.launch.environment import PROXY, UnusableProxy, chained
from amp_addons.launch.noproxy import host_and_port

MAX_FILE = 1 << 20
_MANAGED = {"darwin": "/Library/Application Support/ampcode", "linux": "/etc/ampcode", "win32": r"C:\ProgramData\ampcode"}


def places(environ: Mapping[str, str], home: Path, folder: Path, platform: str) -> list[Path]:
    """Where settings may be, the strongest last."""
    if given := environ.get("AMP_SETTINGS_FILE"):
        found = [Path(os.path.expanduser(given))]
    else:
        base = environ.get("XDG_CONFIG_HOME", "")
        user = (Path(base) if os.path.isabs(base) else home / ".config") / "amp"
        found = [user / "settings.json", user / "settings.jsonc"]
    found += [folder / ".amp" / "settings.json", folder / ".amp" / "settings.jsonc"]
    return [*found, Path(_MANAGED.get(platform, "/etc/ampcode")) / "managed-settings.json"]


def settings(files: list[Path], environ: Mapping[str, str], amp_url: str, port: int) -> Iterator[Finding]:
    """`amp_url` is what the proxy takes for the service."""
    found: dict[str, tuple[Any, Path]] = {}
    there = [path for path in files if path.exists()]
    for path in there:
        yield from _read(path, found)
    if not there:
        named = environ.get("AMP_SETTINGS_FILE")
        yield (
            warning("settings", f"AMP_SETTINGS_FILE names {named}, which is not there", "Mend or unset it.")
            if named
            else skipped("settings", f"Amp has no settings file ({files[0]})")
        )
    if "amp.url" in found:
        yield _url(*found["amp.url"], environ, amp_url)
    if "amp.proxy" in found:
        yield _proxy(*found["amp.proxy"], environ, port)
    where = _key(found, environ)
    yield ok(
        "settings.openrouter",
        f"a key for OpenRouter is there, {where}" if where else "there is no key for OpenRouter: its models are not used",
    )


def openrouter_key(files: list[Path], environ: Mapping[str, str]) -> str:
    """Where the client has a key for OpenRouter, if it has one."""
    found: dict[str, tuple[Any, Path]] = {}
    for path in files:
        if path.exists():
            list(_read(path, found))
    return _key(found, environ)


def _key(found: Mapping[str, tuple[Any, Path]], environ: Mapping[str, str]) -> str:
    if found.get("amp.openrouter.apiKey", ("",))[0]:
        return "in the settings"
    return "in OPENROUTER_API_KEY" if environ.get("OPENROUTER_API_KEY") else ""


def _read(path: Path, found: dict[str, tuple[Any, Path]]) -> Iterator[Finding]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        return (
            yield failure("settings", f"{path} cannot be read: {error.strerror}", "Amp cannot read it either: mend its owner and mode.")
        )
    try:
        value = jsonc.read(data.decode())
    except ValueError as error:  # its text has a position, and nothing of the file
        reason = "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else f"it is no JSON ({error})"
        return (yield failure("settings", f"{path} cannot be used: {reason}", "Amp reads none of it. Mend it."))
    if not isinstance(value, dict) or len(data) > MAX_FILE:
        return (yield failure("settings", f"{path} is not an object of settings of at most 1 MiB", "Amp reads none of it. Mend it."))
    found |= {name: (each, path) for name, each in value.items()}
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and value.get("amp.openrouter.apiKey") and mode & 0o077:
        yield warning("settings.mode", f"{path} has a key in it and can be read by other users (mode {mode:04o})", f"`chmod go= {path}`")
    else:
        yield ok("settings", f"settings {path}")


def _url(value: Any, path: Path, environ: Mapping[str, str], amp_url: str) -> Finding:
    named, expected = host_and_port(value) if isinstance(value, str) else None, host_and_port(amp_url)
    if named is None:
        return failure("settings.url", f"amp.url in {path} is no URL", "Expected https://HOST, such as https://ampcode.com.")
    shown = f"{named[0]}:{named[1]}"
    if named == expected:
        return ok("settings.url", f"amp.url in {path} is {shown}, as here")
    other = f"{expected[0]}:{expected[1]}" if expected else "another host"
    source = "AMP_URL" if environ.get("AMP_URL") == amp_url else "the proxy"
    return warning(
        "settings.url",
        f"amp.url in {path} is {shown}, and {source} has {other}: the client may go to the first",
        f"Give run, env and doctor the same: `--amp-url https://{shown.removesuffix(':443')}`; or take amp.url out of the file.",
    )


def _proxy(value: Any, path: Path, environ: Mapping[str, str], port: int) -> Finding:
    text = value if isinstance(value, str) else ""
    if any(environ.get(name) for name in PROXY[:2]):
        return ok("settings.proxy", f"amp.proxy in {path} is not used: HTTPS_PROXY is set, which wins")
    if is_ours(text, port):
        return ok("settings.proxy", f"amp.proxy in {path} leads to 127.0.0.1:{port}")
    try:
        found = chained({"HTTPS_PROXY": text})
    except UnusableProxy as error:
        return failure("settings.proxy", str(error).replace("HTTPS_PROXY", f"amp.proxy in {path}"), 'Then eval "$(amp-addons env)".')
    where = f"{found.host}:{found.port}" if found else "nothing"
    return warning(
        "settings.proxy", f"amp.proxy in {path} leads to {where}, not to this proxy", 'eval "$(amp-addons env)": HTTPS_PROXY wins over it.'
    )
