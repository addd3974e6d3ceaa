"""Detectors of secrets: the YAML files that ship, and the user's."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Self

import msgspec

from amp_addons.core.redact import redactor as core
from amp_addons.core.redact.detector import Detector, Kind, UserDetector
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Masked
from amp_addons.core.redact.streaming import MaskStream
from amp_addons.core.scrub import MASK, deepen
from amp_addons.rulefiles.schema import decode
from amp_addons.rulefiles.shipped import shipped
from amp_addons.rulefiles.yamlfile import read

__all__ = ["DetectorFile", "Finding", "Masked", "Redactor"]


class DetectorFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A user's file. `kind` is that of each detector that does not say another."""

    kind: Kind = "custom"
    title: str | None = None
    detectors: tuple[UserDetector, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> tuple[Detector, ...]:
        """The detectors of one file. Raises RuleFileError (a ValueError) with all that is wrong with it."""
        file = decode(read(path), cls, unique=[("detectors", "id")])
        return tuple(msgspec.structs.replace(one, kind=file.kind) if one.kind == "custom" else one for one in file.detectors)


class _ShippedFile(DetectorFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ours: its patterns are compiled when they are needed. That they can be is tested."""

    detectors: tuple[Detector, ...] = ()  # type: ignore[assignment]


class Redactor(core.Redactor):
    """A redactor whose detectors come from files."""

    @classmethod
    @cache
    def builtin(cls) -> Self:
        """Every secret detector that ships; none for personal data. It is one for all, as are the automata that its streams fill."""
        return cls.load()

    @classmethod
    def load(cls, *files: str | Path, personal: bool = False) -> Self:
        """The detectors that ship (those for personal data only with `personal`), and the given files': a later id replaces an earlier.

        Raises RuleFileError (a ValueError) with all that is wrong with the first bad file.
        """
        detectors = [one for one in shipped_detectors() if personal or one.kind != "personal"]
        return cls([*detectors, *(one for file in files for one in DetectorFile.load(file))])


def deepen_scrubbing() -> None:
    """Have everything that is shown or kept masked by the detectors that ship (`core.scrub.deepen`)."""
    redactor = Redactor.builtin()
    deepen(lambda text: redactor.mask(text).text)


def mask_streams() -> Callable[[], MaskStream]:
    """What masks every secret in a text that comes in pieces: one for each text."""
    redactor = Redactor.builtin()
    warm(redactor)
    return lambda: MaskStream(redactor, lambda _finding, _secret: MASK)


def warm(redactor: core.Redactor) -> None:
    """Have made what all texts share that a redactor looks into: a tenth of a second that no stream is to wait for."""
    MaskStream(redactor, lambda _finding, _secret: MASK).feed("token = x")
    redactor.find("token = x")


@cache
def shipped_detectors() -> tuple[Detector, ...]:
    """All that ship, those for personal data included."""
    paths = sorted(shipped("detectors").glob("*.yaml"))
    return tuple(detector for path in paths for detector in _ShippedFile.load(path))
