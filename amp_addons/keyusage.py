"""What the key of a certificate is for (X.509 key usage, RFC 5280, 4.2.1.3), in the library's words, of which it wants every one."""

from typing import Literal, get_args

from cryptography import x509

Use = Literal[
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


def key_usage(*uses: Use) -> x509.KeyUsage:
    """For these and nothing else."""
    return x509.KeyUsage(**{use: use in uses for use in get_args(Use)})
