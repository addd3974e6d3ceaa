from amp_addons.keyusage import key_usage


def test_a_key_is_for_what_was_named_and_nothing_else() -> None:
    usage = key_usage("key_cert_sign", "crl_sign")
    assert usage.key_cert_sign and usage.crl_sign
    assert not (usage.digital_signature or usage.content_commitment or usage.key_encipherment)
    assert not (usage.data_encipherment or usage.key_agreement)


def test_what_an_agreed_key_may_do_is_told_too() -> None:
    usage = key_usage("key_agreement", "encipher_only")
    assert usage.encipher_only and not usage.decipher_only
