"""The texts of a whole answer, masked where they stand: each delta keeps what it had, and no event comes to them.

A filter of a live answer (`MaskStream`) lets go what it can and holds the rest back; what it holds at a text's end needs an event more. Who
has the whole answer looks first and masks then, so that the stream stays the stream that it was.
"""

from collections.abc import Callable

from amp_addons.core.answers.channels import TextChannels
from amp_addons.core.answers.filter import TextFilter
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.redact.streaming import MaskStream, Replace


def mask_deltas(body: bytes, api: str | None, redactor: Redactor, replace: Replace) -> tuple[bytes, list[Finding]]:
    """An event stream without what the redactor finds in its texts, and what that was. Where nothing is found it is `body` itself."""
    texts: list[_Noted] = []

    def note(_kind: str) -> TextFilter:
        texts.append(_Noted())
        return texts[-1]

    _through(body, api, note)
    masked = [_Masked(text.whole, redactor, replace) for text in texts]
    findings = [finding for each in masked for finding in each.findings]
    if not findings:
        return body, []
    if not all(each.is_placed for each in masked):  # so many, or so long, that their places are not known
        return _through(body, api, lambda _kind: MaskStream(redactor, replace)), findings
    following = iter(masked)
    return _through(body, api, lambda _kind: next(following)), findings


def _through(body: bytes, api: str | None, filters: Callable[[str], TextFilter]) -> bytes:
    channels = TextChannels(api, filters)
    return b"".join([*channels.feed(body), *channels.close()])


class _Noted:
    """A text of an answer, taken down while it passes."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    @property
    def whole(self) -> str:
        return "".join(self._pieces)

    def feed(self, text: str) -> str:
        self._pieces.append(text)
        return text

    def flush(self) -> str:
        return ""


class _Masked:
    """The same text once more, in the same pieces: what is in place of a finding comes where the finding begins."""

    def __init__(self, whole: str, redactor: Redactor, replace: Replace) -> None:
        stream = MaskStream(redactor, replace)
        clean = stream.feed(whole) + stream.flush()
        self.findings = stream.findings
        self._parts = [(finding.start, finding.end, replace(finding, whole[finding.start : finding.end])) for finding in stream.findings]
        self._at = 0
        self._next = 0
        self.is_placed = stream.count == len(stream.findings) and self._take(whole) == clean
        self._at = self._next = 0

    def feed(self, text: str) -> str:
        return self._take(text)

    def flush(self) -> str:
        return ""

    def _take(self, text: str) -> str:
        out, place, stop = [], self._at, self._at + len(text)
        while self._next < len(self._parts) and self._parts[self._next][0] < stop:
            start, end, instead = self._parts[self._next]
            out.append(text[place - self._at : max(0, start - self._at)])
            if start >= self._at:
                out.append(instead)
            place = min(end, stop)
            if end > stop:
                break
            self._next += 1
        out.append(text[place - self._at :])
        self._at = stop
        return "".join(out)
