from typing import Any

import pytest

SECRET = "hunter2"


@pytest.mark.parametrize(
    "url", ["ampcode.com", "ftp://ampcode.com", "https://", "https://a?b", "https://a#b", f"https://x:{SECRET}@a@b", "https://a:x", "/api"]
)
def test_what_is_no_amp_url_is_misuse(run: Any, url: str) -> None:
    status, out, err = run("classify", "GET", "/", "--amp-url", url)
    assert (status, out) == (2, "")
    assert "expected http:// or https:// with a host" in err and SECRET not in err


@pytest.mark.parametrize("header", [SECRET, f": {SECRET}", ""])
def test_what_is_no_header_is_misuse_and_not_repeated(run: Any, header: str) -> None:
    status, out, err = run("classify", "GET", "/", "-H", header)
    assert (status, out) == (2, "")
    assert "expected 'Name: value'" in err and SECRET not in err
