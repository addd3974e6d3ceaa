"""Masking: what the engine finds is replaced."""

from collections.abc import Iterable

import msgspec

from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Engine, Finding
from amp_addons.core.scrub import MASK


class Masked(msgspec.Struct, frozen=True):
    """A text without its secrets, and where they stood in the text as it was."""

    text: str
    findings: tuple[Finding, ...]


class Redactor:
    """Finds and masks the secrets that its detectors know."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        self.engine = Engine(detectors)

    @property
    def detectors(self) -> tuple[Detector, ...]:
        return self.engine.detectors

    def find(self, text: str) -> list[Finding]:
        """The secrets in `text`, in order and apart from each other. Raises TooManyFindings (a ValueError) past the limit."""
        return self.engine.find(text)

    def mask(self, text: str) -> Masked:
        """The text with each secret replaced as a whole by `***`. Raises TooManyFindings (a ValueError) past the limit."""
        findings = self.find(text)
        return Masked(replace(text, ((finding, MASK) for finding in findings)), tuple(findings))


def replace(text: str, replacements: Iterable[tuple[Finding, str]]) -> str:
    """The text with something else in the place of each finding; they come in order."""
    parts: list[str] = []
    at = 0
    for finding, new in replacements:
        parts += (text[at : finding.start], new)
        at = finding.end
    return "".join(parts) + text[at:] if parts else text
