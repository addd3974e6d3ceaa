from amp_addons.core.redact.detector import Detector
from amp_addons.core.redact.engine import Finding
from amp_addons.core.redact.redactor import Masked, Redactor, replace

KEY = Detector(id="key", description="", keywords=("key-",), pattern="key-[0-9]{4,8}")


def test_masking_replaces_each_secret_as_a_whole() -> None:
    masked = Redactor([KEY]).mask("é key-1234, key-56789.")
    assert masked == Masked("é ***, ***.", (Finding("key", "custom", 2, 10), Finding("key", "custom", 12, 21)))


def test_a_text_without_secrets_is_the_same_object() -> None:
    text = "nothing \ud800 here"
    assert Redactor([KEY]).mask(text) == Masked(text, ())
    assert Redactor([KEY]).mask(text).text is text


def test_masking_twice_changes_nothing_more() -> None:
    once = Redactor([KEY]).mask("key-1234").text
    assert Redactor([KEY]).mask(once).text == once


def test_other_replacements_can_be_made_of_the_findings() -> None:
    redactor = Redactor([KEY])
    text = "a key-1234 b key-5678"
    numbered = ((finding, f"[{number}]") for number, finding in enumerate(redactor.find(text)))
    assert replace(text, numbered) == "a [0] b [1]"
    assert redactor.detectors == (KEY,)
