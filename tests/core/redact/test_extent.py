import pytest

from amp_addons.core.redact.extent import MAX_PEM, MAX_RUN, is_open, pem, run

BEGIN, END = b"-----BEGIN " + b"PRIVATE KEY-----", b"-----END " + b"PRIVATE KEY-----"
LINE = b"QUJD" * 16


@pytest.mark.parametrize(
    ("alphabet", "text", "rest"),
    [
        ("word", b"abc_1-x", b"-x"),
        ("base64url", b"ab-_= x", b" x"),
        ("dotted", b"a.b.c, d", b", d"),
        ("base64", b"a+/b== x", b" x"),
        ("quoted", b"a b", b" b"),
        ("word", b"", b""),
    ],
)
def test_a_run_ends_where_its_alphabet_does(alphabet: str, text: bytes, rest: bytes) -> None:
    assert text[run(text, 0, alphabet) :] == rest


def test_a_run_is_bounded() -> None:
    assert run(b"a" * (2 * MAX_RUN), 5, "word") == 5 + MAX_RUN


@pytest.mark.parametrize(
    ("block", "rest"),
    [
        (BEGIN + b"\n" + LINE + b"\n" + LINE + b"\n" + END + b" after", b" after"),
        (BEGIN + b"\\n" + LINE + b"\\n" + END + b'"', b'"'),
        (BEGIN + b'" +\n"' + LINE + b'\\n" +\n"' + LINE + b"\nthe end.", b"."),
        (BEGIN + b"\n" + LINE + b"\n" + LINE + b"\n\n-- what", b"\n\n-- what"),
        (BEGIN + b"\r\n" + LINE + b"\r\n" + BEGIN, b"\r\n" + BEGIN),
        (BEGIN, b""),
        (BEGIN + b" ... ", b" ... "),
    ],
)
def test_a_pem_block_ends_at_its_end_or_at_the_last_line_that_can_be_of_it(block: bytes, rest: bytes) -> None:
    end = pem(block, len(BEGIN))
    assert block[end:].endswith(rest)
    assert LINE not in block[end:].partition(BEGIN)[0]


def test_a_pem_block_is_bounded() -> None:
    assert pem(BEGIN + b"A" * (2 * MAX_PEM), len(BEGIN)) <= len(BEGIN) + MAX_PEM


@pytest.mark.parametrize(
    ("alphabet", "data", "opened"),
    [
        ("word", b"abc", True),
        ("word", b"abc.", False),
        ("word", b"a" * MAX_RUN, False),
        ("pem", BEGIN + LINE, True),
        ("pem", BEGIN + LINE + b"---", True),
        ("pem", BEGIN + LINE + END[:-1], True),
        ("pem", BEGIN + LINE + END, False),
        ("pem", BEGIN + LINE + b"-----BEGIN" + b"." * 60, False),
        ("pem", BEGIN + b"A" * MAX_PEM, False),
    ],
)
def test_what_may_go_on_in_what_comes(alphabet: str, data: bytes, opened: bool) -> None:
    start = len(BEGIN) if alphabet == "pem" else 0
    end = pem(data, start) if alphabet == "pem" else run(data, start, alphabet)
    assert is_open(data, start, end, alphabet) is opened
