"""What becomes of an answer under redactions: secrets in its texts masked, placeholders turned back.

Masked is also what else an answer of a known API may repeat of its request: the message of an error, instructions, input, metadata.
Thinking is signed and stays as it is. What must be masked and cannot be looked into ends the answer (DESIGN promise 4); restoring only
ever looks.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from amp_addons.core.answers.channels import TextChannels
from amp_addons.core.answers.filter import Kind, TextFilter, filtered
from amp_addons.core.answers.transform import Transform
from amp_addons.core.answers.whole import Whole
from amp_addons.core.json_problem import problem_of
from amp_addons.core.redact.action import Redaction
from amp_addons.core.redact.body import Replace, redact_json, redact_text, restored
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.restore import Restore
from amp_addons.core.redact.streaming import MaskStream
from amp_addons.core.redact.vault import PREFIX
from amp_addons.core.scrub import MASK

MAX_TEXTS = 256
"""Places in JSON whose texts are followed; in further ones nothing is restored."""

_ADDRESSES = frozenset("url uri href src link image_url imageurl host hostname origin".split())
_ARGUMENTS = frozenset(
    "input args arguments partial_json tool_calls toolCalls function_call functionCall params parameters command cmd code".split()
)
"""Where JSON of an unknown kind has what is given to a tool."""

_REPEATED = "instructions|metadata|prompt|tools|incomplete_details|user|safety_identifier"
_SAID = "error|errors|promptFeedback|finishMessage|stop_sequence"
_ECHOES = re.compile(f'"(?:input|{_REPEATED}|{_SAID})"'.encode())
_ECHO = re.compile(rf"^/(?:response/)?(?:{_REPEATED})(?:/|$)|^/response/input(?:/|$)|^/input/|/(?:{_SAID})(?:/|$)")
"""Where an answer may repeat its request, by pointer. Never where texts of a channel are, and where signed or encrypted things may be."""

_NUMBER = re.compile(r"\d+")
_SPELLED_PREFIX = re.compile(rb"\\u00(?i:%b)" % b"|".join(b"%02x" % byte for byte in PREFIX.encode()))


class CannotLook(ValueError):
    """Something of the answer could not be looked into."""

    def __init__(self) -> None:
        super().__init__("a part of the answer could not be looked into for what must not pass")


class Blocked(ValueError):
    """A redactor with mode `block` has found something in the answer."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"the answer holds what must not pass: {finding.kind} ({finding.detector})")


class AnswerRedaction:
    """A Transform for one answer. `found` counts what was done, by (rule, kind)."""

    def __init__(
        self, api: str | None, redactions: Sequence[Redaction], known: Mapping[str, str], replace: Callable[[Redaction], Replace]
    ) -> None:
        self.found: Counter[tuple[str, str]] = Counter()
        self._masking = [each for each in redactions if each.spec.response]
        self._restoring = [each for each in redactions if each.mode == "placeholder" and each.spec.restore]
        self._known = known
        self._texts: dict[str, Restore] = {}
        self._last: Restore | None = None
        self._replace = replace
        self._channels = TextChannels(api, self._filter, others=self._echoes if self._masking else None) if api is not None else None
        self._inner: Transform = self._channels or Whole(partial(self.whole, last=True))

    @property
    def masks(self) -> bool:
        """Whether it must look into all of the answer, not only where it can."""
        return bool(self._masking)

    def know(self, known: Mapping[str, str]) -> None:
        """Placeholders of the conversation, where there were none before."""
        self._known = known
        for each in self._texts.values():
            each.know(known)

    def feed(self, data: bytes) -> list[bytes]:
        return self._checked(self._inner.feed(data))

    def close(self) -> list[bytes]:
        return self._checked(self._inner.close())

    def whole(self, body: bytes, *, last: bool = False) -> bytes:
        """A body or message of an unknown kind, at once; `last` says that none follows. Raises CannotLook, Blocked."""
        is_json = bool(body) and problem_of(body) is None
        for each in self._masking:
            if is_json:
                body, hits = redact_json(body, each.redactor.find, self._replacer(each))
            else:
                try:
                    text, hits = redact_text(body.decode(), each.redactor.find, self._replacer(each))
                except UnicodeDecodeError:
                    raise CannotLook from None
                body = text.encode()
            self.found.update((each.rule, hit.kind) for hit in hits)
        return body if not self._restoring or (last and _has_none(body)) else self._turned_back(body, is_json)

    def _turned_back(self, body: bytes, is_json: bool) -> bytes:
        """In JSON string by string, as a client reads them. Elsewhere a backslash may spell anything, so nothing is restored beside one."""
        if is_json:
            return restored(body, self._turned)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return body
        new = self._text_at("", plain=True).feed_whole(text)
        return body if "\\" in text else new.encode("utf-8", "replace")

    def _turned(self, pointer: str, text: str) -> str:
        """Strings in the same place are one text to whoever puts a stream together: what came before counts, over messages too."""
        parts = [_NUMBER.sub("*", part) for part in pointer.split("/")]
        if _ADDRESSES & {parts[-1].lower()} or (_ARGUMENTS & set(parts) and not any(each.spec.restore_tools for each in self._restoring)):
            return text
        place = "/".join(["/", *parts])
        if place not in self._texts and len(self._texts) >= MAX_TEXTS:
            return text
        return self._text_at(place).feed_whole(text)

    def _text_at(self, place: str, *, plain: bool = False) -> Restore:
        if (found := self._texts.get(place)) is None:
            found = self._texts[place] = self._restore(plain=plain)
        return found

    def _checked(self, pieces: list[bytes]) -> list[bytes]:
        if self._masking and self._channels is not None and self._channels.unseen:
            raise CannotLook
        return pieces

    def _echoes(self, data: bytes) -> bytes:
        """A payload of a known API in which what it may repeat of the request is masked."""
        if not _ECHOES.search(data):
            return data
        for each in self._masking:
            data, hits = redact_json(data, each.redactor.find, self._replacer(each), _is_echo)
            self.found.update((each.rule, hit.kind) for hit in hits)
        return data

    def _filter(self, kind: Kind) -> TextFilter | None:
        if kind == "thinking":
            return None
        masks = [(each.rule, MaskStream(each.redactor, self._replacer(each))) for each in self._masking]
        parts: list[TextFilter] = [_Counted(mask, rule, self.found) for rule, mask in masks]
        if any(kind != "tool" or each.spec.restore_tools for each in self._restoring):
            parts.append(self._restore() if kind == "tool" else self._restore_next())
        return _Row(parts) if parts else None

    def _restore_next(self) -> Restore:
        restore = self._restore()
        if self._last:
            restore.go_on_after(self._last)
        self._last = restore
        return restore

    def _restore(self, *, plain: bool = False) -> Restore:
        return Restore(self._known, lambda: self.found.update([(self._restoring[0].rule, "restored")]), plain=plain)

    def _replacer(self, redaction: Redaction) -> Replace:
        """A placeholder of this conversation looks like a secret, and is none."""
        if redaction.mode == "block":
            replace: Replace = _block
        else:
            replace = (lambda _finding, _secret: MASK) if redaction.mode == "placeholder" else self._replace(redaction)
        return lambda finding, secret: secret if secret in self._known else replace(finding, secret)


def _block(finding: Finding, _secret: str) -> str:
    raise Blocked(finding)


def _is_echo(pointer: str) -> bool:
    return _ECHO.search(pointer) is not None


def _has_none(body: bytes) -> bool:
    """Whether there is surely no placeholder, nor one that JSON spells with escapes: then nothing need be read to restore nothing."""
    return PREFIX.encode() not in body and not _SPELLED_PREFIX.search(body)


class _Counted:
    """A MaskStream whose findings are counted at the end."""

    def __init__(self, mask: MaskStream, rule: str, found: Counter[tuple[str, str]]) -> None:
        self._mask, self._rule, self._found = mask, rule, found
        self._noted = 0

    def feed(self, text: str) -> str:
        out = self._mask.feed(text)
        self._note()
        return out

    def flush(self) -> str:
        out = self._mask.flush()
        self._note()
        return out

    def feed_whole(self, text: str) -> str:
        out = self._mask.feed_whole(text)
        self._note()
        return out

    def _note(self) -> None:
        fresh = self._mask.findings[self._noted :]
        if fresh:
            self._noted += len(fresh)
            self._found.update((self._rule, finding.kind) for finding in fresh)


class _Row:
    """Filters one after the other."""

    def __init__(self, filters: Sequence[TextFilter]) -> None:
        self._filters = filters

    def feed(self, text: str) -> str:
        for each in self._filters:
            text = each.feed(text)
        return text

    def flush(self) -> str:
        text = ""
        for each in self._filters:
            text = each.feed(text) + each.flush()
        return text

    def feed_whole(self, text: str) -> str:
        for each in self._filters:
            text = filtered(each, text)
        return text
