"""A stand-in for the service, made from captures: each request gets the answer that its like had, at its tempo."""

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from amp_addons.core.clock import rfc3339
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.scrub import scrub_text
from amp_addons.core.target import LOOPBACK
from amp_addons.replay.captured import Answer, Captured
from amp_addons.replay.shape import Shape, likeness, shape_of
from amp_addons.sim.coding import accepts
from amp_addons.sim.message import Act, Header, Piece, Received, Reply, host_of, json_reply

NOT_RECORDED = 599

MAX_BYTES = 1024 * 1024 * 1024
"""Bytes of answers held; what is past them is left out, and said to be."""

MAX_DECODED = 64 * 1024 * 1024
"""Bytes that an answer may decode to, for a client that did not ask for its coding; a larger one is sent as it was recorded."""

_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"proxy-connection", b"date"))


class Entry(NamedTuple):
    """A recorded request and its answer; `waits` in seconds: before the first byte, and between pieces."""

    shape: Shape
    host: str
    name: str
    status: int
    headers: tuple[Header, ...]
    pieces: tuple[bytes, ...]
    waits: tuple[float, ...]
    whole: bool


class StandIn:
    """Gives answers. `speed` is how many times faster than recorded; 0: without waiting. `said` is told what each request got.

    The same request asked again gets the next answer that was recorded for it, and the last one from then on. A request from a page in
    a browser is refused (THREATS 11): nothing of what was recorded is for it.
    """

    def __init__(self, flows: Iterable[Captured], speed: float = 1.0, said: Callable[[str], object] = lambda line: None) -> None:
        self._speed, self._said = speed, said
        self._entries: dict[tuple[str, str], list[Entry]] = {}
        self._asked: dict[int, int] = {}
        self.count = self.left_out = size = 0
        for flow in flows:
            if (entry := _entry(flow)) is None:
                continue
            size += sum(map(len, entry.pieces))
            if size > MAX_BYTES:
                self.left_out += 1
                continue
            self._entries.setdefault(entry.shape[:2], []).append(entry)
            self.count += 1

    def answer(self, request: Received) -> Reply:
        """The answer to a request."""
        if refusal := _refusal(request):
            self._said(f"403  {request.method} {scrub_text(request.target)}: {refusal}")
            return json_reply({"error": {"type": "forbidden", "message": refusal}}, 403)
        target = request.path + ("?" + request.target.partition("?")[2] if "?" in request.target else "")
        shape = shape_of(request.method, target, request.body, request.header("content-encoding") or "")
        entry = self._find(shape, request.host)
        if entry is None:
            problem = self._miss(shape)
            self._said(f"{NOT_RECORDED}  {request.method} {scrub_text(target)}: {problem}")
            return json_reply({"error": {"type": "not_recorded", "message": problem}}, NOT_RECORDED)
        self._said(f"{entry.status}  {request.method} {scrub_text(target)}  as {entry.name}")
        return self._reply(_decoded(entry, request))

    def _find(self, shape: Shape, host: str) -> Entry | None:
        """The entry meant: the most alike, of the host asked for if that was recorded, of several alike each in its turn."""
        fits = [each for each in self._entries.get(shape[:2], ()) if (each.shape.stream, each.shape.model) == (shape.stream, shape.model)]
        fits = [each for each in fits if each.host == host] or fits
        if not fits:
            return None
        scores = [likeness(each.shape.features, shape.features) for each in fits]
        best = max(scores)
        alike = [each for each, score in zip(fits, scores, strict=True) if score == best]
        asked = self._asked.setdefault(id(alike[0]), 0)
        self._asked[id(alike[0])] += 1
        return alike[min(asked, len(alike) - 1)]

    def _miss(self, shape: Shape) -> str:
        if same := self._entries.get(shape[:2]):
            near = max(same, key=lambda each: likeness(each.shape.features, shape.features))
            return (
                f"this request was not recorded: found {_kind(shape)}, and the nearest recorded request to this path ({near.name}) "
                f"asked for {_kind(near.shape)}"
            )
        if not self._entries:
            return "this request was not recorded: there is no answer in the capture"
        wanted = " ".join(shape[:2])
        near = max(
            (entries[0] for entries in self._entries.values()),
            key=lambda each: SequenceMatcher(None, wanted, " ".join(each.shape[:2])).ratio(),
        )
        return f"this request was not recorded; the nearest that was is {near.shape.method} {near.shape.path} ({near.name})"

    def _reply(self, entry: Entry) -> Reply:
        pieces: list[Piece] = list(entry.pieces)
        if not entry.whole:
            pieces.append(Act.CUT)
        waits = [wait / self._speed for wait in entry.waits] if self._speed else []
        length = [(b"content-length", b"%d" % sum(map(len, entry.pieces)))] if entry.whole and len(entry.pieces) < 2 else []
        return Reply(
            status=entry.status,
            headers=[*entry.headers, *length],
            pieces=pieces,
            delay=waits[0] if waits else 0.0,
            waits=waits[1:],
            count=len(pieces),
        )


def _decoded(entry: Entry, request: Received) -> Entry:
    """The answer without the coding that it was recorded in, where this client did not ask for it: each piece for itself, at its time."""
    coding = next((value.decode("latin-1") for name, value in entry.headers if name.lower() == b"content-encoding"), "")
    if not coding or not entry.pieces or accepts(request.header("accept-encoding") or "", coding):
        return entry
    decoder = ContentDecoder(coding, max_bytes=MAX_DECODED, max_call_bytes=MAX_DECODED)
    pieces, waits, waited = [], [], 0.0
    for piece, wait in zip(entry.pieces, entry.waits, strict=True):
        waited += wait
        if decoded := decoder.feed(piece):
            pieces.append(decoded)
            waits.append(waited)
            waited = 0.0
    if decoder.error is not None:
        return entry
    headers = tuple((name, value) for name, value in entry.headers if name.lower() != b"content-encoding")
    return entry._replace(headers=headers, pieces=tuple(pieces), waits=tuple(waits) or (waited,))


def _kind(shape: Shape) -> str:
    return f"{'a stream' if shape.stream else 'an answer in one piece'} of {shape.model or 'no model'}"


def _entry(flow: Captured) -> Entry | None:
    answer = flow.answer
    if answer is None or answer.status < 200 or flow.messages is not None:
        return None
    shape = shape_of(flow.method, flow.path, flow.body, flow.header("content-encoding"))
    headers = tuple((name, value) for name, value in answer.headers if name.lower() not in _FRAMING)
    pieces, waits = _tempo(flow, answer)
    name = f"{rfc3339(flow.started)} {flow.id}"
    facts = flow.facts
    whole = not flow.error and (facts is None or (facts.ended == "complete" and not facts.response_cut))
    return Entry(shape, host_of(flow.host), name, answer.status, headers, tuple(pieces), tuple(waits), whole)


def _tempo(flow: Captured, answer: Answer) -> tuple[list[bytes], list[float]]:
    """The pieces of an answer, and how long each waited for the one before (the first: for the request)."""
    body = answer.body or b""
    if flow.facts is None or not flow.facts.chunk_ms:
        return ([body] if body else []), [max(0.0, (answer.ended or answer.started) - flow.started)]
    chunks = [(at, data) for at, data in flow.facts.pieces(flow.started, body).chunks() if data]
    times = [flow.started, *(at for at, _ in chunks)]
    return [data for _, data in chunks], [max(0.0, after - before) for before, after in pairwise(times)]


def _refusal(request: Received) -> str | None:
    """Why a request is refused: it came by a name that is not this machine's, or from a page of another site."""
    direct = request.tunnel is None and request.target.startswith("/")
    if direct and request.host not in LOOPBACK:
        return "the Host header names another host than this machine; expected 127.0.0.1 or localhost"
    origin = request.header("origin")
    if origin is not None and request.tunnel is None and host_of(origin.partition("://")[2]) not in LOOPBACK:
        return "the request comes from a web page; recorded answers are not for pages"
    if request.header("sec-fetch-site") in ("cross-site", "same-site"):
        return "the request comes from a web page of another site; recorded answers are not for pages"
    return None
