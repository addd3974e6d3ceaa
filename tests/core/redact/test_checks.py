import pytest
from support.samples import fill

from amp_addons.core.redact.checks import CHECKS, MAX_VALUE, ahead


def check(name: str, template: str) -> bool:
    """The check on what stands between the brackets."""
    before, _, rest = fill(template, 7).partition("[[")
    value, _, after = rest.partition("]]")
    data = f"{before}{value}{after}".encode()
    return CHECKS[name](data, len(before.encode()), len(before.encode()) + len(value.encode()))


@pytest.mark.parametrize(
    ("name", "template", "secret"),
    [
        ("assigned", "api_key=[[{alnum:32}]]", True),
        ("assigned", "secret=[[{alnum:12}]]", True),
        ("assigned", "key=[[{alnum:12}]]", False),
        ("assigned", "public_key=[[{alnum:32}]]", False),
        ("assigned", "token=[[{alnum:32}]](x)", False),
        ("assigned", "token=[[{digits:18}]]", True),
        ("assigned", "token_count=[[{digits:18}]]", False),
        ("assigned", "api_key=[[abcdef1234567890abcdef12]]", False),
        ("assigned", "acme_key=[[abcdef1234567890abcdef12]]", True),
        ("assigned", "a_key=[[{hex:31}]]", False),
        ("assigned", "(token, [[{alnum:32}]])", False),
        ("assigned", 'set("token", "[[{alnum:32}]]")', True),
        ("beside", "token [[{alnum:32}]]", True),
        ("beside", "secret-[[{uuid}]]", True),
        ("beside", "secret-[[{alnum:32}]]", False),
        ("beside", "keyboard [[{alnum:32}]]", False),
        ("password", 'password="[[{lower:4}7]]"', True),
        ("password", 'password="[[{lower:8}]]"', False),
        ("password", 'password="[[test123]]"', False),
        ("password", 'password="[[a1{alnum:8}]] and"', False),
        ("odd", 'secret="[[a!b$c(d)e?f-g#]]"', True),
        ("odd", 'secret="[[a.b(c)]]"', False),
        ("chosen", "[[pa55]]", True),
        ("chosen", "[[words]]", False),
        ("header", "Bearer [[{alnum:32}]]", True),
        ("header", "Bearer [[authentication]]", False),
        ("userinfo", "://u:[[{alnum:8}]]@host", True),
        ("userinfo", "://u:[[Password]]@host", False),
        ("userinfo", "://u:[[thing]]@example.com", False),
        ("jwt", "[[eyJ{alnum:20}.eyJ{alnum:20}.{alnum:9}]]", True),
        ("jwt", "[[eyJhbGciOiJIUzI1NiJ9.{alnum:20}]]", True),
        ("jwt", "[[eyJ{alnum:20}.{alnum:20}]]", False),
        ("jwt", "[[eyJ{alnum:40}]]", False),
        ("pem", "[[-----BEGIN X-----\\n{alnum:20}]]", True),
        ("pem", '[[-----BEGIN X-----", "-----END X-----]]', False),
        ("mixed", "[[a1b]]", True),
        ("mixed", "[[version12]]", False),
        ("public-ip", "[[8.8.8.8]]", True),
        ("public-ip", "[[10.0.0.1]]", False),
        ("public-ip", "[[999.0.0.1]]", False),
        ("phone", "[[030 {digits:8}]]", True),
        ("phone", "[[12 34]]", False),
        ("owner", "/home/[[{lower:6}]]", True),
        ("owner", "/Users/[[Shared]]", False),
    ],
)
def test_what_holds_and_what_does_not(name: str, template: str, secret: bool) -> None:
    assert check(name, template) is secret


def test_long_values_are_judged_by_their_beginning() -> None:
    assert check("assigned", f"token=[[{{alnum:{MAX_VALUE}}}" + "a" * (4 * MAX_VALUE) + "]]")


def test_how_far_ahead_a_check_looks() -> None:
    for name, most in (("userinfo", 9), ("assigned", 1), ("luhn", 0), (None, 0)):
        assert ahead(name) == most
    for name in CHECKS:
        value = fill("user:-----{alnum:20}-----", name).encode()
        results = {CHECKS[name](value + b'"' * ahead(name) + after, 5, len(value)) for after in (b"", b"@example.", b":", b"a1")}
        assert len(results) == 1
