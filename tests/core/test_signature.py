"""Signed files: what counts as signed, byte for byte."""

import base64

import pytest
from support.signed import KEY, OTHER

from amp_addons.core.signature import NotSigned, content_of, parse_key, public, sign, verify

OURS, THEIRS = public(KEY), public(OTHER)
FILE = b"version: 1\nserial: 3\nrules: []\n"
SIGNED = sign("rules", FILE, KEY)
LINE, _, CONTENT = SIGNED.partition(b"\n")


def test_what_is_signed_is_verified_and_read_like_any_file():
    assert verify("rules", SIGNED, [THEIRS, OURS]) == OURS
    assert CONTENT == FILE == content_of(SIGNED) == content_of(FILE)
    assert SIGNED.startswith(b"# amp-addons-signature: ed25519 ")


def test_signing_again_replaces_the_signature():
    assert sign("rules", SIGNED, KEY) == SIGNED
    again = sign("rules", SIGNED, OTHER)
    assert content_of(again) == FILE and verify("rules", again, [THEIRS]) == THEIRS


def with_bits(line):
    """The same signature for a lax reader of base64: the last letter has four bits that mean nothing."""
    place = line.rindex(b"==") - 1
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(line[place]) + 1]
    return line[:place] + bytes([other]) + line[place + 1 :]


BAD = {
    "nothing": b"",
    "no signature": FILE,
    "the signature alone": LINE,
    "nothing signed": LINE + b"\n",
    "a byte more": SIGNED + b"\n",
    "a byte less": SIGNED[:-1],
    "a changed byte": SIGNED.replace(b"serial: 3", b"serial: 4"),
    "other line ends": SIGNED.replace(b"\n", b"\r\n"),
    "another end of the line": LINE + b"\r\n" + FILE,
    "a byte order mark": b"\xef\xbb\xbf" + SIGNED,
    "a blank in front": b" " + SIGNED,
    "a line in front": b"\n" + SIGNED,
    "a signature in front of it": LINE + b"\n" + SIGNED,
    "something behind the signature": LINE + b" \n" + FILE,
    "a signature of another spelling": with_bits(LINE) + b"\n" + FILE,
    "another key's id": LINE.replace(OURS.id.encode(), THEIRS.id.encode()) + b"\n" + FILE,
    "another key's signature": sign("rules", FILE, OTHER),
    "another kind": sign("catalog", FILE, KEY),
    "no domain": b"# amp-addons-signature: ed25519 %b %b\n%b" % (OURS.id.encode(), base64.b64encode(KEY.sign(FILE)), FILE),
    "another algorithm": SIGNED.replace(b"ed25519", b"ed25518"),
    "null bytes": b"# amp-addons-signature: ed25519 %b %b\n%b" % (OURS.id.encode(), base64.b64encode(bytes(64)), FILE),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_not_signed(data):
    with pytest.raises(NotSigned, match=r"found .+, expected "):
        verify("rules", data, [OURS])


def test_every_changed_byte_is_noticed():
    for place in range(len(SIGNED)):
        with pytest.raises(NotSigned):
            verify("rules", SIGNED[:place] + bytes([SIGNED[place] ^ 1]) + SIGNED[place + 1 :], [OURS])


def test_without_keys_nothing_is_signed():
    with pytest.raises(NotSigned, match="none is"):
        verify("rules", SIGNED, [])


def test_two_signatures_are_not_signed_a_third_time():
    with pytest.raises(ValueError, match="one signature"):
        sign("rules", SIGNED.replace(FILE, SIGNED), KEY)


def test_key_as_text_has_one_spelling():
    assert parse_key(str(OURS)) == OURS and len(OURS.id) == 16
    for text in (
        "",
        "ed25519:",
        str(OURS)[:-1],
        str(OURS) + "=",
        str(OURS).replace("ed", "ED"),
        str(OURS) + "\n",
        "ed25519:" + "A" * 42 + "B=",
    ):
        with pytest.raises(ValueError, match="a public key"):
            parse_key(text)
