"""HTTP/2, seen by a client made of h2."""

import contextlib

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from amp_addons.sim import http2
from amp_addons.sim.message import GARBAGE

PATH = "/api/provider/anthropic/v1/messages"


class Http2Client:
    """One connection; `run` collects events until one of a kind has come for each stream."""

    def __init__(self, connection, window=None):
        self.socket = connection
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        if window:
            self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.events = []
        self.acknowledge = True
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def post(self, path=PATH, body=b'{"model":"m","stream":true}', end=True, **headers):
        number = self.h2.get_next_available_stream_id()
        fields = [(":method", "POST"), (":scheme", "https"), (":authority", "ampcode.com:443"), (":path", path)]
        self.h2.send_headers(number, fields + [(name.replace("_", "-"), str(value)) for name, value in headers.items()])
        self.h2.send_data(number, body, end_stream=end)
        self.flush()
        return number

    def run(self, *kinds, count=1):
        while len(self.of(*kinds)) < count:
            data = self.socket.recv(65536)
            if not data:
                return
            for event in self.h2.receive_data(data):
                self.events.append(event)
                if isinstance(event, DataReceived) and self.acknowledge:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.flush()

    def of(self, *kinds):
        return [event for event in self.events if isinstance(event, kinds)]

    def body(self, number):
        return b"".join(event.data for event in self.of(DataReceived) if event.stream_id == number)


@pytest.fixture
def h2(client):
    return Http2Client(client.connect(alpn=("h2",)))


@pytest.mark.parametrize("pace", ["0", "0.001"])
def test_each_event_is_a_frame(client, h2, parse, counted, pace):
    number = h2.post(x_sim_events=30, x_sim_pace=pace)
    h2.run(StreamEnded)
    frames = [event.data for event in h2.of(DataReceived) if event.data]
    assert all(frame.startswith(b"event: ") and frame.endswith(b"\n\n") for frame in frames)
    assert counted(parse(h2.body(number))) == client.last().truth.event_counts
    assert len(frames) == client.last().sent
    assert dict(h2.of(ResponseReceived)[0].headers)[":status"] == "200"


def test_requests_are_recorded_as_they_came(client, h2):
    h2.post(x_odd="1")
    h2.run(StreamEnded)
    got = client.last()
    assert (got.method, got.target, got.host, got.http_version) == ("POST", PATH, "ampcode.com", "2")
    assert (got.sni, got.scheme, got.headers, got.ended) == ("ampcode.com", "https", [(b"x-odd", b"1")], "complete")


def test_streams_run_side_by_side(client, h2, parse, counted):
    numbers = [h2.post(x_sim_events=20, x_sim_pace=0.002, x_sim_seed=seed) for seed in range(10)]
    h2.run(StreamEnded, count=10)
    streams = [event.stream_id for event in h2.of(DataReceived)]
    assert streams != sorted(streams)
    truths = {request.header("x-sim-seed"): request.truth for request in client.sim.requests}
    for seed, number in enumerate(numbers):
        assert counted(parse(h2.body(number))) == truths[str(seed)].event_counts


def test_windows_are_respected(client):
    h2 = Http2Client(client.connect(alpn=("h2",)), window=100)
    number = h2.post(x_sim_events=50)
    h2.run(StreamEnded)
    assert max(len(event.data) for event in h2.of(DataReceived)) <= 100
    assert h2.body(number).endswith(b"}\n\n")


def test_a_client_that_opens_no_window_is_waited_for(client, until):
    h2 = Http2Client(client.connect(alpn=("h2",)))
    h2.acknowledge = False
    h2.post(x_sim_events=20_000)
    h2.run(DataReceived, count=100)
    until(lambda: 0 < client.sim.requests[-1].sent < 2000)
    assert client.sim.requests[-1].ended is None


def test_cut_is_a_reset_stream(client, h2):
    cut = h2.post(x_sim_error="cut", x_sim_at=4)
    h2.run(StreamReset)
    [reset] = h2.of(StreamReset)
    assert (reset.stream_id, reset.error_code) == (cut, ErrorCodes.INTERNAL_ERROR)
    assert h2.body(cut).count(b"\n\n") == 4
    assert client.last().ended == "fault"
    whole = h2.post()
    h2.run(StreamEnded)
    assert h2.body(whole).endswith(b"}\n\n")


def test_client_may_give_up_a_stalled_stream(client, h2):
    number = h2.post(x_sim_error="stall", x_sim_at=2)
    h2.run(DataReceived)
    h2.h2.reset_stream(number)
    h2.flush()
    assert client.last().ended == "aborted"


def test_reset_breaks_the_connection(client, h2):
    h2.post(x_sim_error="reset")
    with contextlib.suppress(OSError):
        # Seen when the client acknowledges what it got, or when it reads on.
        h2.run(StreamEnded)
    assert h2.of(StreamEnded) == []
    assert client.last().ended == "fault"


@pytest.mark.parametrize("fault", ["garbage", "hangup", "head-cut"])
def test_no_answer_ends_the_connection(client, h2, received, fault):
    h2.post(x_sim_error=fault)
    rest = received(h2.socket)
    assert rest.endswith(GARBAGE) is (fault == "garbage")
    assert client.last().status is None


def test_wrong_length_goes_out(client, h2):
    h2.post(x_sim_error="length-bad")
    with pytest.raises(ProtocolError, match="bytes'"):
        h2.run(ResponseReceived)


def test_leaving_client_ends_its_streams(client, h2):
    h2.post(x_sim_events=10_000, x_sim_pace=0.01)
    h2.run(DataReceived)
    h2.socket.close()
    assert client.last().ended == "aborted"


def test_upload_in_pieces_larger_than_the_window(client, h2):
    number = h2.post(path="/api/threads", body=b"{}" + b" " * 10_000, end=False)
    for _ in range(40):
        h2.h2.send_data(number, b" " * 16_000) if h2.h2.local_flow_control_window(number) > 16_000 else None
        h2.flush()
        while h2.h2.local_flow_control_window(number) <= 16_000:
            h2.h2.receive_data(h2.socket.recv(65536))
    h2.h2.end_stream(number)
    h2.flush()
    h2.run(StreamEnded)
    assert len(client.last().body) > 600_000


def test_too_large_an_upload_is_reset(client, h2, monkeypatch):
    monkeypatch.setattr(http2, "MAX_BODY", 1000)
    h2.post(path="/api/threads", body=b"x" * 2000)
    h2.run(StreamReset)
    assert h2.of(StreamReset)[0].error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert client.sim.requests == []


def test_broken_protocol_is_answered_by_goaway(client, h2):
    h2.socket.sendall(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")
    h2.run(ConnectionTerminated)
    assert h2.of(ConnectionTerminated)[0].error_code == ErrorCodes.PROTOCOL_ERROR
