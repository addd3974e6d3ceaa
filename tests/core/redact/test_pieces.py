import random

import pytest
from support.secrets import PEM, SECRET, SECRETS, redactor

from amp_addons.core.redact.pieces import masked_pieces


def test_texts_without_secrets_stay():
    pieces = ["Hello ", "", "there", "."]
    assert masked_pieces(redactor(), pieces) == pieces


@pytest.mark.parametrize("secret", [*SECRETS, "\n".join(PEM)])
@pytest.mark.parametrize("size", [1, 7, 30, 1000])
def test_a_secret_goes_from_every_piece(secret, size):
    """The mask stands where it begins; what is around it stays."""
    text = f"use {secret} for it"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = masked_pieces(redactor(), pieces)
    assert len(found) == len(pieces) and "".join(found) == "use *** for it"


def test_several_secrets_and_any_cuts():
    draw = random.Random(3)
    text = " and ".join(SECRETS * 3)
    for _ in range(50):
        cuts = sorted(draw.sample(range(1, len(text)), 12))
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert "".join(masked_pieces(redactor(), pieces)) == " and ".join(["***"] * 9)


def test_shapes_of_keys_that_no_detector_knows_are_masked_too():
    key = "sgamp" + "_" + "Ab1" * 3
    assert masked_pieces(redactor(), [key[:6], key[6:]]) == ["***", ""]


def test_more_secrets_than_are_counted_hide_all(monkeypatch):
    found = redactor()

    def find(text):
        raise ValueError

    monkeypatch.setattr(found, "find", find)
    assert masked_pieces(found, ["a", SECRET]) == ["***", "***"]
