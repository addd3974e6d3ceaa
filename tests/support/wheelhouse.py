"""Wheels made again from what is installed here, so that tests can install into new environments without a network."""

import hashlib
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import parse_tag, sys_tags
from packaging.utils import canonicalize_name


def needed_by(requirements: list[str]) -> dict[str, Distribution]:
    """The installed distributions that satisfy `requirements`, and all that these require in turn."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            assert found[name].version in requirement.specifier, f"{name} {found[name].version} is installed, {requirement} is required"
            waiting += [Requirement(text) for text in found[name].requires or []]
    return found


def make_wheel(installed: Distribution, folder: Path) -> Path:
    """Zip an installed distribution up again, without the programs and byte code that its installation had made."""
    lines = [str(line) for line in (installed.read_text("RECORD") or "").splitlines()]
    inside = [line for line in lines if not line.startswith(("..", '"..')) and "__pycache__" not in line]
    info = next(line.split("/")[0] for line in inside if "/WHEEL," in line)
    made = {f"{info}/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")}
    kept = [line for line in inside if line.split(",")[0] not in made]
    tags = [line.removeprefix("Tag: ") for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    usable = next(tag for tag in tags if not parse_tag(tag).isdisjoint(sys_tags()))
    wheel = folder / f"{info.removesuffix('.dist-info')}-{usable}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for line in kept:
            name = line.rsplit(",", 2)[0].strip('"')
            archive.write(str(installed.locate_file(name)), name)
        archive.writestr(f"{info}/RECORD", "\n".join([*kept, f"{info}/RECORD,,", ""]))
    return wheel


def lock_file(wheels: list[Path]) -> str:
    """The text of a lock file with hashes for these wheels."""
    lines = []
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{canonicalize_name(name)}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return "".join(lines)
