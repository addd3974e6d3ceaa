import pytest

from amp_addons.core.rules.header import check_name, check_token, check_value

FRAMING = ["Host", "content-length", "Transfer-Encoding", "connection", "upgrade", "te", "trailer", "keep-alive", "proxy-connection"]


@pytest.mark.parametrize("name", ["x-team", "X_a", "a", "anthropic-beta", "!#$%&'*+.^_`|~-"])
def test_a_name(name: str) -> None:
    check_name(name)
    check_token(name)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\n", "a\r\nb", "\u00e4", ":authority", "a\x00", "a" * 257, "a\n\n"])
def test_no_name(name: str) -> None:
    for check in (check_name, check_token):
        with pytest.raises(ValueError):
            check(name)


@pytest.mark.parametrize("name", FRAMING)
def test_what_frames_a_message_may_be_looked_at_but_not_written(name: str) -> None:
    check_token(name)
    with pytest.raises(ValueError, match="set by whoever sends"):
        check_name(name)


@pytest.mark.parametrize("value", ["", "a", "a b\u00e4", "x" * 8192, "\u2028"])
def test_a_value(value: str) -> None:
    check_value(value)


@pytest.mark.parametrize(
    "value", ["a\r\nb", "a\n", "\n", "a\tb", "\x00", "a\x7f", "a\x85", "\x9b", " a", "a ", "a\t", " ", "\ud800", "x" * 8193]
)
def test_no_value(value: str) -> None:
    """Control characters could begin another header, or steer a terminal."""
    with pytest.raises(ValueError):
        check_value(value)
