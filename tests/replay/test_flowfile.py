"""Flow files, read as mitmproxy itself reads them; damage is named by its byte, and nothing before it is lost."""

import io
import os

import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader
from mitmproxy.net.http.url import unparse
from mitmproxy.test import tflow, tutils
from support.captures import changed_state, older, stream_flow, written

from amp_addons.core.target import is_address
from amp_addons.replay.captured import Damage
from amp_addons.replay.flowfile import MAX_FLOW, flow_of, frames, lengths, whole_flows


def read(data):
    """The flows, and the damage after them."""
    found = []
    try:
        for at, frame in frames(io.BytesIO(data)):
            if (flow := flow_of(frame, at)) is not None:
                found.append(flow)
    except Damage as damage:
        return found, damage
    return found, None


def flows():
    plain = stream_flow()
    without = tflow.tflow(req=tutils.treq(content=None))
    failed = tflow.tflow(err=True)
    nothing = tflow.tflow(resp=tutils.tresp(content=None))
    http2 = tflow.tflow(req=tutils.treq(authority=b"ampcode.com:8443", host="10.0.0.1", port=8443, headers=http.Headers()), resp=True)
    odd = tflow.tflow(
        req=tutils.treq(path=b"/\xff\xfe?\x80", headers=http.Headers([(b"\xff", b"\x80\n"), (b"a", b"1"), (b"A", b"2")])), resp=True
    )
    odd.client_conn.sni = None
    named = tflow.tflow(resp=True)
    named.client_conn.sni, named.client_conn.peername = "ampcode.com", ("::1", 1)
    named.metadata = {"amp.endpoint": "x", "n": [1, None, 2.5, {"a": b"\xff"}], "t": True}
    return [plain, without, failed, nothing, http2, odd, named, tflow.twebsocketflow(), tflow.twebsocketflow(err=True)]


@pytest.mark.parametrize("number", range(9))
def test_a_flow_is_what_mitmproxy_says_it_is(number):
    data = written(flows()[number])
    [truth] = FlowReader(io.BytesIO(data)).stream()
    assert isinstance(truth, http.HTTPFlow)
    [flow], damage = read(data)
    request, response = truth.request, truth.response
    assert damage is None
    assert (flow.id, flow.method, flow.scheme, flow.host, flow.port) == (
        truth.id,
        request.method,
        request.scheme,
        request.host,
        request.port,
    )
    assert (flow.path, flow.authority) == (request.path, request.authority)
    assert (flow.headers, flow.body, flow.started) == (request.headers.fields, request.raw_content, request.timestamp_start)
    assert flow.client == (truth.client_conn.peername[0] if truth.client_conn.peername else None)
    assert (flow.sni, flow.mode) == (truth.client_conn.sni, truth.client_conn.proxy_mode.full_spec)
    assert dict(flow.metadata) == {**truth.metadata}
    if response is None:
        assert flow.answer is None
    else:
        fields = response.headers.fields
        assert flow.answer == (response.status_code, fields, response.raw_content, response.timestamp_start, response.timestamp_end)
    assert flow.error == ((truth.error.msg, truth.error.timestamp) if truth.error else None)
    if truth.websocket is None:
        assert flow.messages is None
    else:
        expected = [(message.is_text, message.from_client, message.content, message.timestamp) for message in truth.websocket.messages]
        assert flow.messages == expected
    if not is_address(request.host):
        assert flow.url == unparse(request.scheme, request.host, request.port, request.path)


def test_where_only_an_address_is_known_the_authority_is_the_host():
    [flow], _ = read(written(flows()[4]))
    assert flow.url.startswith("http://ampcode.com:8443/")
    assert flow.exchange().header("host") == ["ampcode.com:8443"]


@pytest.mark.parametrize("make", [tflow.ttcpflow, tflow.tudpflow, tflow.tdnsflow])
def test_what_is_no_http_is_left_out(make):
    found, damage = read(written(make(), stream_flow()))
    assert [flow.id for flow in found] == ["flow-0"] and damage is None


@pytest.mark.parametrize("version", [18, 19, 20])
@pytest.mark.parametrize("number", range(9))
def test_files_of_older_versions_say_the_same(version, number):
    """mitmproxy 9 began with format 18; the files are read by mitmproxy's own converters."""
    flow = flows()[number]
    data = older(flow, version)
    [truth] = FlowReader(io.BytesIO(data)).stream()
    [[old], [new]] = read(data)[0], read(written(flow))[0]
    assert truth.id == old.id and vars(old) == vars(new)


# --- damage


def test_cut_off_at_every_byte():
    first, second = written(flows()[7]), written(flows()[3])
    data = first + second
    for cut in range(len(data) + 1):
        found, damage = read(data[:cut])
        if cut in (0, len(first), len(data)):
            assert damage is None, cut
        else:
            assert damage is not None and damage.at == (0 if cut < len(first) else len(first)), cut
            assert f"at byte {damage.at:,}: " in str(damage)
        assert len(found) == (cut >= len(first)) + (cut >= len(data)), cut


def test_any_byte_flipped_never_raises_and_leaves_what_is_before():
    first, second = written(stream_flow(answer=b"x")), written(flows()[6])
    for place in range(len(second)):
        broken = bytearray(second)
        broken[place] ^= (0x01, 0x80, 0x1F)[place % 3]
        found, damage = read(first + bytes(broken) + first)
        assert found and found[0].id == "flow-0"
        assert damage is None or damage.at >= len(first)


FOREIGN = [
    pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 50, id="PNG"),
    pytest.param(b"some text\n", id="text"),
    pytest.param(b"12:30 a meeting\n", id="text with a time"),
    pytest.param(b"99999999999:x", id="a length beyond all bounds"),
    pytest.param(b"9999999999999999999:x", id="digits without end"),
    pytest.param(b"%d:}" % (MAX_FLOW + 1), id="more than a flow may have"),
    pytest.param(b"007:1234567}", id="zeros before the length"),
    pytest.param(b":}", id="no length"),
    pytest.param(b"-3:abc}", id="less than nothing"),
    pytest.param(b"3:abc,", id="a string"),
    pytest.param(b"0:}", id="a flow without fields"),
    pytest.param(b"0:]", id="a list"),
    pytest.param(b"12", id="digits"),
    pytest.param(b"\0" * 100, id="zeros"),
    pytest.param("\u0663:abc}".encode(), id="digits of another script"),
]


@pytest.mark.parametrize("data", FOREIGN)
def test_foreign_bytes_are_damage_where_they_begin(data):
    for before in (b"", written(stream_flow())):
        found, damage = read(before + data)
        assert damage is not None and damage.at == len(before) and len(found) == bool(before)


def test_an_empty_file_has_no_flows():
    assert read(b"") == ([], None)


def changed(**fields):
    return changed_state(stream_flow(), **fields)


NONSENSE = [
    {"version": 99},
    {"version": "21"},
    {"version": None},
    {"request": None},
    {"request": []},
    {"request__port": "443"},
    {"request__content": "text"},
    {"request__content": 7},
    {"request__headers": [[b"a"]]},
    {"request__headers": [[1, 2]]},
    {"request__headers": 5},
    {"request__headers": [[b"a", None]]},
    {"request__timestamp_start": "now"},
    {"response": {}},
    {"response__status_code": "200"},
    {"response__status_code": None},
    {"response__content": []},
    {"websocket": {"messages": [[1]]}},
    {"websocket": {"messages": [[1, True, 10**12, 0.0]]}},
    {"websocket": {"messages": 3}},
    {"websocket": {}},
    {"error": {}},
    {"client_conn": None, "version": 20},
    {"client_conn": None, "version": 18},
    {"client_conn__sni": 7},
    {"server_conn": {}, "version": 19},
]


@pytest.mark.parametrize("fields", NONSENSE, ids=str)
def test_a_field_of_another_type_is_damage(fields):
    good = written(stream_flow(answer=b""))
    found, damage = read(good + changed(**fields) + good)
    assert len(found) == 1 and damage is not None and damage.at == len(good)


ODD = [
    {"metadata": []},
    {"metadata": None},
    {"request__timestamp_start": float("nan")},
    {"request__timestamp_start": -5.0},
    {"request__timestamp_start": 1e300},
    {"response__timestamp_start": None, "response__timestamp_end": float("inf")},
    {"client_conn__peername": None},
    {"client_conn__peername": []},
    {"error": {"msg": "x", "timestamp": 1e300}},
]


@pytest.mark.parametrize("fields", ODD, ids=str)
def test_what_makes_no_sense_but_is_not_needed_is_read_as_nothing(fields):
    [flow], damage = read(changed(**fields))
    assert damage is None and 0 <= flow.started < 2**40 and flow.answer is not None


def test_an_id_that_is_no_text_can_be_written_all_the_same():
    [flow], _ = read(changed().replace(b"6:flow-0;", b"6:flow-\xff;"))
    assert flow.id.encode().startswith(b"flow-")


def dictionary(**values):
    items = b"".join(b"%d:%b;%b" % (len(key), key.encode(), value) for key, value in values.items())
    return b"%d:%b}" % (len(items), items)


@pytest.mark.parametrize(
    "value",
    [b"-5:x]", b"3:-9:]", b"2:0:]", b"9:5:1234,]", b"1_0:0123456789,", b"5:-1:1,]", b"0:?", b"99:x,"],
)
def test_lengths_that_lie_are_damage_and_end(value):
    """A length below zero would have the same bytes read for ever."""
    found, damage = read(dictionary(version=b"2:21#", type=b"4:http;", id=value, request=value))
    assert not found and damage is not None


def test_a_version_under_a_key_of_bytes_is_damage():
    """mitmproxy's converters would raise it under the other key, for ever."""
    found, damage = read(older(stream_flow(), 19).replace(b"7:version;", b"7:version,"))
    assert not found and damage is not None


def overlapping(levels):
    """Lists of two items: the list in the first goes on beyond it, over the same bytes as the second."""
    rest = b"0:~"
    for _ in range(levels):
        second = b"%d:0:," % (len(rest) + 3)
        text = b"%d:]%b" % (len(second), second)
        inner = b"%d:%b" % (len(text) + len(rest), text)
        rest = b"%d:%b%b]" % (inner.index(b"]"), inner, rest)
    return rest


def test_lists_within_lists_that_overlap_do_not_take_for_ever():
    """Each would have what follows read twice, twice over for each level."""
    value = overlapping(60)
    data = dictionary(version=b"%d:%b]" % (len(value), value))
    assert read(data)[1] is not None


def test_lists_without_end_are_damage():
    value = b""
    for _ in range(3000):
        value = b"%d:%b]" % (len(value), value)
    found, damage = read(changed() + dictionary(version=value))
    assert len(found) == 1 and "RecursionError" in str(damage)


# --- lengths alone


def test_lengths_tell_where_flows_end(tmp_path):
    parts = [written(flow) for flow in flows()]
    path = tmp_path / "f"
    path.write_bytes(b"".join(parts) + b"12:half")
    ends = [sum(map(len, parts[: number + 1])) for number in range(len(parts))]
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert list(lengths(descriptor)) == ends and whole_flows(descriptor) == ends[-1]
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("data", [b"", *[case.values[0] for case in FOREIGN if case.id not in ("a flow without fields",)]])
def test_no_whole_flow_is_in_other_bytes(tmp_path, data):
    path = tmp_path / "f"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert data == b"007:1234567}" or whole_flows(descriptor) == 0
    finally:
        os.close(descriptor)


def test_captured_flows_without_facts():
    assert all(flow.facts is None for flow in read(written(*flows()))[0])
