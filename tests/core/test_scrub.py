"""Keys are put together at run time, so that no scanner finds one in this repository."""

import pytest

from amp_addons.core.scrub import MASK, MAX_TEXT, is_secret_name, mask_keys, scrub_text, scrub_url, visible

FILL = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
KEYS = {
    "amp": "sgamp_" + "user_" + FILL,
    "anthropic": "sk-" + "ant-api03-" + FILL,
    "openai": "sk-" + "proj-" + FILL,
    "openrouter": "sk-" + "or-v1-" + FILL,
    "xai": "xai" + "-" + FILL,
    "groq": "gsk" + "_" + FILL,
    "cerebras": "csk" + "-" + FILL,
    "google": "AI" + "za" + FILL + "abc",
    "github": "gh" + "p_" + FILL + "1234",
    "gitlab": "glpat" + "-" + FILL,
    "slack": "xox" + "b-" + FILL,
    "aws": "AK" + "IA" + "ABCDEFGH12345678",
    "jwt": "ey" + "J" + FILL + ".eyJ" + FILL + "." + FILL,
    "bearer": "Bearer " + FILL,
    "pem": "-----BEGIN " + "PRIVATE KEY-----\nMIIabc\n-----END " + "PRIVATE KEY-----",
    "pem without end": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIabc",
}


@pytest.mark.parametrize("kind", KEYS)
def test_key_is_masked_whole_wherever_it_stands(kind):
    assert mask_keys(f"before {KEYS[kind]} after") in (f"before {MASK} after", f"before {MASK}")


def test_a_pem_block_behind_a_word_for_keys_is_masked_to_its_end():
    assert mask_keys(f"Bearer {KEYS['pem']} after") == f"Bearer {MASK} after"


@pytest.mark.parametrize(
    "text",
    [
        "claude-opus-4-5-20251101",
        "gpt-5.1-codex-max",
        "task-1234567890abcdef",
        "risk-assessment-of-something",
        "chat.completion.chunk",
        "T-0123abcd",
    ],
)
def test_what_is_no_key_stays(text):
    assert scrub_text(text) == text


URLS = [
    pytest.param("https://ampcode.com/api/internal?getUserInfo", None, id="a bare method is no secret"),
    pytest.param("https://ampcode.com/api/threads?createdByUserID=u1&limit=5", None, id="plain query"),
    pytest.param("https://ampcode.com/x?author=me&keyboard=us", None, id="names that only begin alike"),
    pytest.param("https://h/x?rvt-token=abc&a=1", "https://h/x?rvt-token=***&a=1", id="Amp's websocket token"),
    pytest.param("https://h/x?X-Amz-Signature=abc&X-Amz-Date=1", "https://h/x?X-Amz-Signature=***&X-Amz-Date=1", id="signed URL"),
    pytest.param("https://h/v1?key=abc", "https://h/v1?key=***", id="Google's key"),
    pytest.param("https://h/x?access%5Ftoken=abc", "https://h/x?access%5Ftoken=***", id="percent-encoded name"),
    pytest.param("https://h/x?Authorization=abc", "https://h/x?Authorization=***", id="authorization"),
    pytest.param("https://h/x?a=1;token=abc&b=2", "https://h/x?a=1;token=***&b=2", id="semicolons"),
    pytest.param("https://me:pw@h/x", "https://***@h/x", id="user info"),
    pytest.param(f"https://h/x?q={KEYS['amp']}", "https://h/x?q=***", id="key shape in a value"),
    pytest.param(f"https://h/x?q=a%20{KEYS['github']}", "https://h/x?q=***", id="key shape behind an escape"),
    pytest.param(f"https://h/x?{KEYS['openai']}", "https://h/x?***", id="key shape as a bare name"),
    pytest.param(f"https://h/{KEYS['anthropic']}/x", "https://h/***/x", id="key shape in the path"),
    pytest.param(f"https://h/{KEYS['anthropic'].replace('-', '%2D')}/x", "https://h/***/x", id="escaped key shape in the path"),
    pytest.param("https://h/\x1b]0;x\x07\u202e", "https://h/\\x1b]0;x\\x07\\u202e", id="controls"),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_url(url, expected):
    assert scrub_url(url) == (expected or url)


def test_long_url_is_cut():
    assert len(scrub_url("https://h/" + "a" * 100_000)) == MAX_TEXT + 1


@pytest.mark.parametrize("scrub", [scrub_text, scrub_url])
@pytest.mark.parametrize("kind", ["amp", "anthropic", "jwt"])
def test_key_at_the_cut_is_masked_before_it(scrub, kind):
    """Cut first, the rest of the key would no longer look like one."""
    for room in range(1, 40):
        shown = scrub("https://h/" + "a" * (MAX_TEXT - 10 - room) + "/" + KEYS[kind])
        assert KEYS[kind][:10] not in shown


@pytest.mark.parametrize(
    "text", ["a\x1bb", "a\x00b", "a\x9bb", "a\x7fb", "a\u202eb", "a\u2066b", "a\ufeffb", "a\ud800b", "a\nb", "a\u2028b", "a\U000e0041b"]
)
def test_control_character_is_made_visible(text):
    assert visible(text).startswith("a\\") and visible(text).endswith("b") and visible(text).isprintable()


@pytest.mark.parametrize("text", ["", "naïve", "日本語", "a b", "🤖", "a\u00a0b"])
def test_ordinary_text_is_left_alone(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "accessToken",
        "client_secret",
        "api-key",
        "apikey",
        "X-Goog-Signature",
        "password",
        "sessionId",
        "authToken",
        "authorization",
        "X-Authorization",
        "proxy_authorization",
        "auth",
    ],
)
def test_secret_name(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["limit", "q", "author", "authors", "author_id", "authored", "keyword", "monkey", "design", "encode"])
def test_name_of_nothing_secret(name):
    assert not is_secret_name(name)
