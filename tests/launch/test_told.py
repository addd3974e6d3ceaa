from amp_addons.core.events import FlowEnd, FlowRequest, RuleAction, StreamEnd, encode_lines
from amp_addons.launch.told import Told

REQUEST = FlowRequest(
    time="t", flow="f", method="POST", url="https://ampcode.com/x", endpoint="e", category="other", route="proxied", known=True
)
STREAM = StreamEnd(time="t", flow="f", ended="complete", events={"a": 3}, bytes=9, chunks=1, duration_ms=5.0)
END = FlowEnd(time="t", flow="f", status=200, outcome="ok", request_bytes=1, response_bytes=9, duration_ms=5.0)
PASSED = RuleAction(
    time="t", flow="c", rule="amp_inspect", mode="enforce", action="passthrough", detail="git.example is in no catalog and is not inspected"
)


def test_flows_are_counted_and_hosts_that_passed_named():
    told = Told()
    told.read(encode_lines([PASSED, REQUEST, STREAM, END, PASSED]).splitlines())
    assert told.tally.flows == 1 and told.passed == {"git.example": 2}
    [row] = told.tally.rows.values()
    assert (row.streams, row.events) == (1, 3)


def test_lines_that_make_no_sense_are_left_out():
    told = Told()
    told.read([b"", b"{", b"{}", b'{"type":"flow.end"}', b'{"type":"new.kind"}', *encode_lines([END]).splitlines()])
    assert told.tally.flows == 0
