"""What holds for any bytes: nothing raises, and how they are cut changes nothing. For `scripts/fuzz` and the cases it has found."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amp_addons.core.apis import READERS
from amp_addons.core.encoding import ContentDecoder
from amp_addons.core.exchange import Exchange, Unreadable
from amp_addons.core.hints import read_hints
from amp_addons.core.reader import StreamReader
from amp_addons.core.recorded import RecordedBody
from amp_addons.core.rules.credential import is_credential
from amp_addons.core.rules.decision import Decision
from amp_addons.core.rules.outgoing import outgoing
from amp_addons.core.scrub import visible
from amp_addons.core.sse import SSEDecoder
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.rules import RuleSet
from support.rules import AMP, CATALOG, destination, request, rules_of

CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br")
APIS = (None, *READERS)
MAX_BYTES = 1 << 20


def sse(data: bytes, cut: int) -> object:
    decoder = SSEDecoder(max_event_bytes=1000)
    return feed(decoder.feed, data, cut) + decoder.close(), decoder.last_event_id, decoder.retry


def content(data: bytes, cut: int) -> object:
    for coding in CODINGS:
        decoder = ContentDecoder(coding, max_bytes=MAX_BYTES, max_call_bytes=MAX_BYTES)
        assert sum(map(len, feed(lambda part, feed=decoder.feed: [feed(part)], data, cut))) <= MAX_BYTES
        decoder.close()
    return None


def readers(data: bytes, cut: int) -> object:
    found = []
    for api in APIS:
        reader = StreamReader(api)
        events = feed(reader.feed, data, cut)
        reader.close()
        found.append((events, repr(reader.summary())))
    return found


def recorded(data: bytes, cut: int) -> object:
    body = RecordedBody()
    found = feed(lambda part: list(body.feed(part)), data, cut)
    return b"".join([*found, *body.close()]), body.problems


def hints(data: bytes, _cut: int) -> object:
    path, _, body = data.partition(b"\n")
    return [read_hints(path.decode("latin-1"), body, coding) for coding in (None, "gzip")]


RULE = b"version: 1\nupstreams: {a: {url: https://a}}\nrules:\n- {id: a, match: {%b}, then: {%b}}\n"
"""What follows a brace is put into a rule, so that the fuzzer need not find out how to write one."""


def rulefile(data: bytes, _cut: int) -> object:
    """A file is loaded, or refused with sentences that are fit for a terminal, and what is loaded can decide."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_bytes(RULE % tuple([*data[1:].split(b"\n"), b"", b""][:2]) if data[:1] == b"{" else data)
        try:
            rules = RuleSet.load(path, catalog=CATALOG, environment={})
        except RuleFileError as error:
            assert error.problems
            assert all(visible(line) == line for line in str(error).split("\n"))
            return None
        return [rules.decide(request(body=body)).action for body in (b"{}", b"{")]


def decide(data: bytes, _cut: int) -> object:
    """A request as the first lines say, the rest its body: a decision that is the same however often it is asked, and may be made."""
    target, headers, body = [*data.split(b"\n", 2), b"", b""][:3]
    pairs = [(name, value) for name, _, value in (pair.partition(b":") for pair in headers.split(b"\r"))]
    found = []
    for url in (target.decode("latin-1"), AMP + target.decode("latin-1")):
        exchange = Exchange("POST", url, pairs, body, client="10.0.0.1")
        decision = RULES.decide(exchange)
        assert not any(applied.unreadable and applied.unreadable.startswith("the rule failed") for applied in decision.applied)
        assert decision == RULES.decide(Exchange("POST", url, pairs, body, client="10.0.0.1"))
        found.append((decision, sent(exchange, decision)))
    return found


def sent(exchange: Exchange, decision: Decision) -> str | None:
    if decision.action in ("block", "respond"):
        return None
    try:
        out = outgoing(exchange, decision)
    except Unreadable:
        return None
    assert out.target.startswith("/")
    if out.elsewhere:
        assert not any(is_credential(name, value) for name, value in out.headers if value != b"ours")
    return f"{out.url} {out.host}"


FUZZED: tuple[dict[str, Any], ...] = (
    {"match": {"path": "/x/**", "method": "GET"}},
    {"match": {"model": "m*", "any": [{"query": {"a": "*"}}, {"tool": "t"}]}, "then": {"model": {"m1": "n"}, "set_headers": {"x-n": "1"}}},
    {"match": {"body": {"path": "/a/0", "exists": True}}, "then": {"set_body": {"/a/0": 1}, "remove_body": ["/b"]}},
    {"match": {"header": {"x-r": True}, "not": {"thread": "T"}}, "then": {"route": "gateway"}},
    {"match": {"endpoint": "provider.*", "stream": True}, "mode": "observe"},
)
RULES = rules_of(*FUZZED, upstreams={"gateway": destination("https://gateway.example/v1", key="ours", strip_path="/api")})

TARGETS: dict[str, Callable[[bytes, int], object]] = {
    "sse": sse, "content": content, "readers": readers, "recorded": recorded, "hints": hints, "rulefile": rulefile,
    "decide": decide
}  # fmt: skip


def feed[T](take: Callable[[bytes], list[T]], data: bytes, cut: int) -> list[T]:
    return [found for at in range(0, len(data), cut) for found in take(data[at : at + cut])]


def check(name: str, data: bytes) -> None:
    """Raise where something does not hold."""
    cut = 1 + data[-1] % 16 if data else 1
    whole, pieces = TARGETS[name](data, max(1, len(data))), TARGETS[name](data, cut)
    assert whole == pieces, f"{name}: pieces of {cut} bytes give something else than the whole"
