import pytest

from amp_addons.core.tracecontext import MAX_STATE, TraceContext, context_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_parent_of_the_client():
    found = context_of(f"00-{TRACE}-{SPAN}-01", "vendor=opaque, other=1")
    assert found == TraceContext(int(TRACE, 16), int(SPAN, 16), 1, "vendor=opaque, other=1")


@pytest.mark.parametrize(
    "parent",
    [
        None, "", "x", f"00-{TRACE}-{SPAN}", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-0\u0661",
    ],
)  # fmt: skip
def test_what_makes_no_sense_counts_as_not_there(parent):
    assert context_of(parent) is None


def test_later_version_may_say_more():
    assert context_of(f"01-{TRACE}-{SPAN}-00-more") == TraceContext(int(TRACE, 16), int(SPAN, 16), 0)


@pytest.mark.parametrize("state", ["v=" + "gh" + "p_" + "a1B2" * 9, "v=" + "x" * MAX_STATE, "v=a\x1b[2J"])
def test_state_that_is_a_secret_or_too_long_is_left_out(state):
    assert context_of(f"00-{TRACE}-{SPAN}-01", state).state == ""
