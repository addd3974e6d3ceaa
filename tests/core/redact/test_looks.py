import pytest
from support.samples import fill

from amp_addons.core.redact import looks


@pytest.mark.parametrize(
    "value", ["sk-xxxxxxxx", "AKIAEXAMPLE", "<your-key>", "YOUR_KEY_HERE", "0" * 20, "a***", "${TOKEN}", "{{ token }}", "%(key)s", "abc..."]
)
def test_fillers(value: str) -> None:
    assert looks.is_filler(value.encode())


@pytest.mark.parametrize("template", ["{alnum:32}", "{hex:40}", "{lowalnum:24}", "{url:43}", "{uuid}", "{b32:26}", "{hex:8}.{alnum:40}"])
def test_drawn_values_look_random_and_are_no_fillers(template: str) -> None:
    for seed in range(50):
        value = fill(template, seed).encode()
        assert looks.is_random(value, 20, 2.6)
        assert not looks.is_filler(value)


NAMES = """
    authentication user-agent-2 us-east-1 claude-sonnet-4-20250514 /etc/ssl/server2.pem ./a1b2c3d4e5/f6g7h8 server2.py 1.2.3.4.5.6.7.8
    ed25519.Ed25519PrivateKey X509WorkloadIdentity base64.standard_b64encode winreg.KEY_WOW64_64KEY aaaaaaaaaaaaaaaaaaa1 2024-01-01
    0x7fffffff test_token_12 get_token2 deadbeef
    """.split()


@pytest.mark.parametrize("value", NAMES)
def test_names_paths_versions_and_dates_do_not(value: str) -> None:
    assert not looks.is_random(value.encode(), 8, 2.6)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("export API_KEY=", "api_key"),
        ('  "clientSecret": "', "clientsecret"),
        ("var token string = '", "token"),
        ("$config['db.pass'] = \"", "db.pass"),
        ("", ""),
        ("= ", ""),
    ],
)
def test_the_name_before_a_value(text: str, name: str) -> None:
    assert looks.name_before(text.encode(), len(text)).decode() == name


def test_counting() -> None:
    assert looks.counts_up(b"xx-abcdef-yy")
    assert looks.counts_up(b"a1b2c3d4e5f6")
    assert not looks.counts_up(b"fedcba987654")
    assert looks.is_interleaved(b"abc123def456ghi789jkl012mno345pqr")
    assert not looks.is_interleaved(b"abcdefghijklmnopqrstuvwxyz123456")
    assert (looks.turns(b"a1b"), looks.turns(b"version12"), looks.turns(b"")) == (2, 1, 0)
    assert looks.is_odd_hex(b"abc")
    assert not looks.is_odd_hex(b"abcd")
    assert looks.is_plain(fill("{uuid}", 1).encode())
    assert not looks.is_plain(b"abc-def")


@pytest.mark.parametrize(
    ("line", "open_"),
    [("gitea commit ", True), ("sha256:", True), ("heroku/apps/", True), ("gitea token ", False), ("commit\ntoken ", False)],
)
def test_words_that_say_a_number_is_no_secret(line: str, open_: bool) -> None:
    assert looks.names_no_secret(line.encode(), len(line)) is open_
