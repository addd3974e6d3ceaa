from pathlib import Path

import pytest

from amp_addons.doctor.settings import places, settings

KEY = "sk-or-" + "v1" * 16
OURS = "http://127.0.0.1:8080"
AMP = "https://ampcode.com"


def found(path, environ=None, amp_url=AMP):
    return {each.id: each for each in settings([path], environ or {}, amp_url, 8080)}


@pytest.fixture
def write(tmp_path):
    def write(text, mode=0o600):
        path = tmp_path / "settings.json"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.mark.parametrize(
    "environ, platform, first, last",
    [
        ({}, "linux", "/home/me/.config/amp/settings.json", "/etc/ampcode/managed-settings.json"),
        ({"XDG_CONFIG_HOME": "/x"}, "linux", "/x/amp/settings.json", "/etc/ampcode/managed-settings.json"),
        ({"XDG_CONFIG_HOME": "relative"}, "linux", "/home/me/.config/amp/settings.json", "/etc/ampcode/managed-settings.json"),
        ({"AMP_SETTINGS_FILE": "/s.json"}, "darwin", "/s.json", "/Library/Application Support/ampcode/managed-settings.json"),
    ],
)
def test_places(environ, platform, first, last):
    files = places(environ, Path("/home/me"), Path("/work"), platform)
    assert (str(files[0]), str(files[-1])) == (first, last)
    assert Path("/work/.amp/settings.json") in files


@pytest.mark.parametrize(
    "text, state, word",
    [
        ("{}", "ok", "settings"),
        ('{"amp.url": "x", // note\n}', "ok", "settings"),
        ("{", "failure", "it is no JSON"),
        ("[]", "failure", "not an object of settings"),
        (f'{{"amp.openrouter.apiKey": "{KEY}" x}}', "failure", "it is no JSON"),
    ],
)
def test_files(write, text, state, word):
    each = found(write(text))["settings"]
    assert (each.state, word in each.text) == (state, True), each
    assert KEY not in each.text


def test_no_file(tmp_path):
    assert found(tmp_path / "none")["settings"].state == "skipped"
    assert found(tmp_path / "none", {"AMP_SETTINGS_FILE": "none"})["settings"].state == "warning"


@pytest.mark.parametrize(
    "value, amp_url, state, word",
    [
        ('"https://ampcode.com/"', AMP, "ok", "ampcode.com:443, as here"),
        ('"https://amp.corp.example"', AMP, "warning", "the client may go to the first"),
        ('"https://amp.corp.example"', "https://AMP.corp.example:443", "ok", "as here"),
        ('"https://ampcode.com"', OURS, "warning", "127.0.0.1:8080"),
        ("7", AMP, "failure", "no URL"),
    ],
)
def test_amp_url(write, value, amp_url, state, word):
    each = found(write(f'{{"amp.url": {value}}}'), amp_url=amp_url)["settings.url"]
    assert (each.state, word in each.text) == (state, True), each


@pytest.mark.parametrize(
    "value, environ, state, word",
    [
        (OURS, {}, "ok", "leads to 127.0.0.1:8080"),
        ("http://me:pw@corp:3128", {}, "warning", "leads to corp:3128, not to this proxy"),
        ("http://corp:3128", {"https_proxy": OURS}, "ok", "HTTPS_PROXY is set"),
        ("socks5://corp:1", {}, "failure", "amp.proxy in"),
    ],
)
def test_amp_proxy(write, value, environ, state, word):
    each = found(write(f'{{"amp.proxy": "{value}"}}'), environ)["settings.proxy"]
    assert (each.state, word in each.text) == (state, True), each
    assert "me:pw" not in each.text


def test_the_key_is_said_to_be_there_and_not_shown(write):
    path = write(f'{{"amp.openrouter.apiKey": "{KEY}"}}')
    each = found(path)
    assert "in the settings" in each["settings.openrouter"].text
    assert KEY not in str(each)
    path.chmod(0o644)
    assert (found(path)["settings.mode"].state, "settings" in found(path)) == ("warning", False)
    assert "in OPENROUTER_API_KEY" in found(write("{}"), {"OPENROUTER_API_KEY": KEY})["settings.openrouter"].text
    assert "no key" in found(write("{}"))["settings.openrouter"].text


def test_the_last_file_wins(tmp_path):
    first, last = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text('{"amp.url": "https://a.example"}')
    last.write_text('{"amp.url": "https://b.example"}')
    each = {each.id: each for each in settings([first, last], {}, "https://b.example", 8080)}
    assert each["settings.url"].state == "ok"
