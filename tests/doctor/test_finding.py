import pytest

from amp_addons.doctor.finding import Finding, attempted, clean, either, failure, ok, warning

KEY = "sgamp_user_" + "a1" * 20


def test_a_check_that_breaks_is_a_finding():
    def check(name):
        yield ok("first", name)
        raise ZeroDivisionError

    first, found = attempted("x", check, "there")
    assert first.text == "there"
    assert (found.id, found.state) == ("x", "warning")
    assert "ZeroDivisionError" in found.text


def test_a_file_error_is_told_in_the_systems_words(tmp_path):
    [found] = attempted("x", lambda: [(tmp_path / "none").read_text()])
    assert found.text == "this could not be checked: No such file or directory"


@pytest.mark.parametrize("made", [ok, warning, failure])
def test_no_secret_and_no_control_is_in_one(made):
    found = made("x", f"key {KEY} \x1b[2J", f"http://me:{'pass' * 3}@proxy:1/ and http://you:{'word' * 3}@other")
    assert KEY not in found.text and "\x1b" not in found.text
    assert found.remedy == "http://***@proxy:1/ and http://***@other"


def test_either():
    assert (either(True)("x", "a", "b").state, either(False)("x", "a", "b").state) == ("failure", "warning")


def test_without_a_remedy():
    assert ok("x", "fine") == Finding("x", "ok", "fine", None)
    assert clean("plain") == "plain"
