"""Models mapped back: what changes in each API's answers, that nothing else does, and that no cut matters."""

import json
import time
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amp_addons import StreamReader
from amp_addons.core.answers.lines import MAX_LINE
from amp_addons.core.answers.models import ModelBack
from amp_addons.core.answers.objects import MAX_OBJECT
from amp_addons.sim import anthropic, google, google_array, openai_chat, openai_responses, openrouter
from amp_addons.sim.turn import invent

SENT, SHOWN = "sent-model-2025", 'mi"ne'
MINE = json.dumps(SHOWN).encode()
BOM = b"\xef\xbb\xbf"
CHAT, CLAUDE, RESPONSES, GOOGLE = "openai-chat", "anthropic-messages", "openai-responses", "google-generatecontent"


def through(api: str | None, *pieces: bytes, sent: str = "sent-model", shown: str = SHOWN) -> bytes:
    transform = ModelBack(api, sent, shown)
    out = [*chain.from_iterable(map(transform.feed, pieces)), *transform.close()]
    assert b"" not in out
    return b"".join(out)


CHANGED: list[tuple[str, str, bytes]] = [
    ("anthropic body", CLAUDE, b'{"id":"m", "model" : "X","content":[{"model":"y"}]}'),
    ("anthropic stream", CLAUDE, b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"X"} }\n\n'),
    ("chat body", CHAT, b'\n {"id":"c","model":"X","choices":[]}\n'),
    ("chat stream", CHAT, b': note\n\ndata: {"model":"X","x":{"model":"y"}}\n\ndata: {"model":"X"}\n\ndata: [DONE]\n\n'),
    ("a key twice", CHAT, b'data: {"model":"X","model":"X"}\n\n'),
    ("half a surrogate pair", CHAT, b'data: {"choices":[{"delta":{"content":"\\ud83d"}}],"model":"X"}\n\n'),
    ("bytes that are no UTF-8", CHAT, b'data: {"choices":"\xff\xfe","model":"X"}\n\n'),
    ("responses body", RESPONSES, b'{"object":"response","model":"X","tools":[{"model":"y"}]}'),
    (
        "responses stream",
        RESPONSES,
        b'event: response.created\ndata: {"type":"response.created","response":{"tools":[{"model":"y"}],"model":"X"},"model":"y"}\n\n'
        b'data: {"type":"response.completed","response":{"model":"X","metadata":{"model":"y"}}}\n\n',
    ),
    ("google body", GOOGLE, b'{"modelVersion":"X","model":"y"}'),
    ("google stream", GOOGLE, b'data: {"a":[{"modelVersion":"y"}],"modelVersion":"X"}\r\n\r\ndata: {"modelVersion":"X"}\r\n\r\n'),
    ("google wrapped", GOOGLE, b'data: {"response":{"modelVersion":"X"}}\r\n\r\n'),
    ("google array", GOOGLE, b'[{"modelVersion":"X","x":"]}\\"{"}\n,\r\n{"a":{"modelVersion":"y"},"modelVersion":"X"}\n]\n'),
    ("google array of one", GOOGLE, b' [ {"modelVersion": "X"} ]'),
    ("CR", CHAT, b'data: {"model":"X"}\r\rdata:{"model":"X"}\r\r'),
    ("all line ends", CHAT, b'data: {"model":"X"}\r\n\r\ndata:\t{"model":"X"}\n\rdata: {"model":"X"}\r\n\n'),
    ("BOM and stream", CHAT, BOM + b'data: {"model":"X"}\n\n'),
    ("BOM and body", CHAT, BOM + b'{"model":"X"}'),
    ("blank lines first", CHAT, b'\r\n \n\ndata: {"model":"X"}\n\n'),
    ("the last line without its end", CHAT, b'data: {"model":"X"}\n\ndata: {"model":"X"}'),
]  # fmt: skip

UNCHANGED: list[tuple[str, str | None, bytes]] = [
    ("nothing", CHAT, b""),
    ("already right", CHAT, b'data: {"model":"mi\\"ne"}\n\n'),
    ("already right, spelled otherwise", CHAT, b'{"model":"m\\u0069\\"ne"}'),
    ("no name", CHAT, b'data: {"model":""}\n\ndata: {"model":null}\n\ndata: {"model":{"model":"y"}}\n\n'),
    ("in text", CHAT, b'data: {"x":"\\"model\\":\\"y\\"","choices":["model","y"]}\n\n'),
    ("an anthropic event is no message", CLAUDE, b'data: {"type":"content_block_start","model":"y","content_block":{"model":"y"}}\n\n'),
    ("a responses event is no response", RESPONSES, b'data: {"type":"x","model":"y","item":{"model":"y"}}\n\n'),
    ("an array of another API", CHAT, b'[{"model":"y"}]'),
    ("arrays in google's array", GOOGLE, b'[[{"modelVersion":"y"}]]'),
    ("other fields", CHAT, b'event: {"model":"y"}\nx: {"model":"y"}\n: {"model":"y"}\n{"model":"y"}\n\n'),
    ("a BOM later", CHAT, b"\n" + BOM + b'data: {"model":"y"}\n\n' + BOM + b'data: {"model":"y"}\n\n'),
    ("data that is no object", CHAT, b'data: x {"model":"y"}\n data: {"model":"y"}\n\n'),
    ("data in several lines", CHAT, b'data: {\ndata: "model":"y"}\n\n'),
    ("an object cut off", CHAT, b'{"model":"y"'),
    ("an API without models", "amp-connect", b'data: {"model":"y"}\n\n'),
    ("no API", None, b'{"model":"y"}'),
]
CASES = [(api, body.replace(b"X", b"sent-model-x"), body.replace(b'"X"', MINE)) for _, api, body in CHANGED]
ALL = [*CASES, *((api, body, body) for _, api, body in UNCHANGED)]
IDS = [name for name, *_ in [*CHANGED, *UNCHANGED]]


@pytest.mark.parametrize(("api", "body", "back"), ALL, ids=IDS)
def test_cut_anywhere(api: str | None, body: bytes, back: bytes) -> None:
    """The whole, cut at each place, and byte by byte."""
    assert through(api, body) == back
    assert through(api, *(bytes([byte]) for byte in body)) == back
    for cut in range(len(body)):
        assert through(api, body[:cut], b"", body[cut:]) == back


@pytest.mark.parametrize(("api", "body", "back"), ALL, ids=IDS)
def test_a_model_that_is_not_mapped_stays(api: str | None, body: bytes, back: bytes) -> None:
    """A dated variant is then what the client would have seen without us."""
    assert through(api, body, sent="a", shown="a") == body


TURNS = [anthropic, openai_chat, openrouter, openai_responses, google, google_array]


def events_of(module: Any) -> list[bytes]:
    return list(module.events(invent(model=SENT, seed=3, events=10, thinking=True, tools=["grep"])))


@pytest.mark.parametrize("module", TURNS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_simulated_streams(module: Any) -> None:
    """Each event goes on as soon as it is complete, and only the name in it changes."""
    transform = ModelBack(getattr(module, "API", GOOGLE), "sent", SHOWN)
    for event in events_of(module):
        assert transform.feed(event) == [event.replace(b'"%b"' % SENT.encode(), MINE)]
    assert transform.close() == []


def model_of(api: str, body: bytes) -> str | None:
    reader = StreamReader(api)
    reader.feed(body)
    reader.close()
    return reader.summary().model


@pytest.mark.parametrize("module", TURNS[:-1], ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_reader_finds_the_model_where_it_was_put(module: Any) -> None:
    body = b"".join(events_of(module))
    assert model_of(module.API, body) == SENT
    assert model_of(module.API, through(module.API, body)) == SHOWN


LINES = st.sampled_from(
    [
        b'data: {"model":"x"}',
        b'data:{"a":[{}],"model":"y"}',
        b"data: [DONE]",
        b": model",
        b"event: e",
        b"",
        b'"model":"',
        b"{",
        b"}",
        b" ",
        BOM,
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]))).map(lambda lines: b"".join(chain.from_iterable(lines)))
APIS = st.sampled_from([CLAUDE, CHAT, RESPONSES, GOOGLE, None])


@given(APIS, STREAMS | st.binary() | st.text('"{}[]\\:, \n\rmodel').map(str.encode), st.lists(st.integers(0, 200)))
def test_cuts_do_not_matter_whatever_the_bytes(api: str | None, body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(body)]
    assert through(api, *(body[start:end] for start, end in pairwise(edges))) == through(api, body)


@given(STREAMS)
def test_complete_lines_are_never_held(body: bytes) -> None:
    transform = ModelBack(CHAT, "sent", "mine")
    stream = b": begin\n" + body
    sent = b"".join(b"".join(transform.feed(stream[at : at + 3])) for at in range(0, len(stream), 3))
    rest = b"".join(transform.close())
    assert not {10, 13} & {*rest}
    assert sent + rest == through(CHAT, stream, shown="mine")


def test_an_item_of_an_array_goes_on_as_soon_as_it_is_complete() -> None:
    transform = ModelBack(GOOGLE, "sent", "mine")
    assert transform.feed(b"[") == [b"["]
    assert transform.feed(b'{"modelVersion":') == []
    assert transform.feed(b'"x"},') == [b'{"modelVersion":"mine"},']


def test_a_body_without_a_stream_is_held() -> None:
    transform = ModelBack(CHAT, "sent", "mine")
    assert transform.feed(b'{"choices":[],') == []
    assert transform.feed(b'"model":"x"}\n') == [b'{"choices":[],"model":"mine"}\n']


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize("size", [1000, 65_536, 2 * MAX_LINE])
def test_a_line_too_long_goes_on_unchanged_and_the_next_is_looked_at(size: int) -> None:
    fits, long = (b'data: {"model":"x","c":"%b"}'.replace(b"%b", b"c" * (MAX_LINE - extra)) for extra in (26, 25))
    assert (len(fits), len(long)) == (MAX_LINE, MAX_LINE + 1)
    for end in (b"\n", b"\r\n", b"\r"):
        body = long + end + fits + end + b'data: {"model":"x"}' + end
        back = long + end + b"".join([fits, end, b'data: {"model":"x"}', end]).replace(b'"x"', b'"me"')
        assert through(CHAT, *cut(body, size), shown="me") == back


def test_what_is_held_of_a_line_is_bounded() -> None:
    transform = ModelBack(CHAT, "sent", "mine")
    for _ in range(1100):
        fed = transform.feed(b"d" * 1024)
    assert fed == [b"d" * 1024]


@pytest.mark.parametrize("size", [65_536, 2 * MAX_OBJECT])
def test_an_object_too_large_goes_on_unchanged_and_the_next_is_looked_at(size: int) -> None:
    fits, large = (b'{"modelVersion":"x","c":"%b"}' % (b"c" * (MAX_OBJECT - extra)) for extra in (27, 26))
    assert (len(fits), len(large)) == (MAX_OBJECT, MAX_OBJECT + 1)
    body = b"[" + large + b"," + fits + b"]"
    assert through(GOOGLE, *cut(body, size), shown="me") == b"[" + large + b"," + fits.replace(b'"x"', b'"me"', 1) + b"]"


def test_the_cost_is_linear_however_a_line_is_cut() -> None:
    transform = ModelBack(CHAT, "sent", "mine")
    start = time.process_time()
    for _ in range(MAX_LINE // 8):
        transform.feed(b"d" * 8)
    assert time.process_time() - start < 2


def test_the_cost_is_linear_however_many_names_there_are() -> None:
    body = b'{"model":"x"%b}' % (b',"model":"x"' * (MAX_LINE // 15))
    start = time.process_time()
    assert through(CHAT, body, shown="me").count(b'"me"') == MAX_LINE // 15 + 1
    assert time.process_time() - start < 2


def test_a_name_of_any_kind_is_written_as_json() -> None:
    """The client's own name comes from its request, and may hold half a surrogate pair."""
    assert through(CHAT, b'{"model":"x"}', shown='\ud83d"\n') == '{"model":"\ufffd\\"\\n"}'.encode()


def test_a_name_with_escapes_is_replaced_as_a_whole() -> None:
    assert through(CHAT, rb'{"model":"a\"b\\","x":"\u00e9"}', shown="me") == rb'{"model":"me","x":"\u00e9"}'
