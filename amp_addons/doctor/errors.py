"""Errors of clients and runtimes that have to do with the way to the service: how they are known in a log, what each means, what to do.

The words are those of OpenSSL, Node and its undici, Bun, rustls, and the client itself.
"""

import re
from typing import NamedTuple

from amp_addons.doctor.environment import PASTE, SPEAKERS


class Known(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    meaning: str
    remedy: str


def _known(name: str, pattern: str, meaning: str, remedy: str) -> Known:
    return Known(name, re.compile(pattern, re.IGNORECASE), meaning, remedy)


_TRUST = f"{PASTE}, then start the client again."

KNOWN = (  # the first that fits a line is its meaning: what says more comes first
    _known("expired", r"CERT_HAS_EXPIRED|certificate (?:has|is) expired", "a certificate has expired", _TRUST),
    _known(
        "name",
        r"ERR_TLS_CERT_ALTNAME_INVALID|hostname/ip does not match|hostname mismatch",
        "a certificate is another host's",
        "Does amp.url name the service as its certificate does?",
    ),
    _known(
        "trust",
        r"self[- ]signed certificate|unable to (?:get local issuer|verify the first|get issuer) cert"
        r"|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|SELF_SIGNED_CERT|CERT_UNTRUSTED"
        r"|unknown ?(?:ca|issuer|certificate verification)|invalid peer certificate",
        "the client does not trust the proxy's certificate",
        _TRUST,
    ),
    _known(
        "auth",
        r"\b407\b|proxy authentication required",
        "a proxy asks for a user and password",
        f"Have them in HTTPS_PROXY; for NTLM or Kerberos run a local proxy that speaks it ({SPEAKERS}).",
    ),
    _known(
        "refused",
        r"ECONNREFUSED|ConnectionRefused|connection refused",
        "nothing listened where the client connected to",
        "Is the proxy running, on the port that HTTPS_PROXY names? `amp-addons run`.",
    ),
    _known(
        "lookup",
        r"ENOTFOUND|EAI_AGAIN|getaddrinfo|name or service not known|dns error",
        "a host's name was not found: the client did not go through the proxy, or the proxy finds none either",
        f"{PASTE}, and see the way to the service below.",
    ),
    _known(
        "timeout",
        r"ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT|connection timed out|connect timeout",
        "no answer came in time",
        "A firewall may drop what does not go through the company's proxy: set HTTPS_PROXY to that before `amp-addons run`.",
    ),
    _known(
        "upgrade",
        r"unexpected server response: [345]\d\d|websocket.{0,60}(?:failed|error|refused)",
        "a WebSocket was refused on the way",
        "A proxy on the way must pass the upgrade on: see the WebSocket check below.",
    ),
    _known(
        "gateway",
        r"\b50[24]\b.{0,40}(?:gateway|proxy)|bad gateway|gateway time-?out",
        "the proxy could not reach the service",
        "See the way to the service below.",
    ),
    _known(
        "reset",
        r"ECONNRESET|socket hang up|UND_ERR_SOCKET|connection reset",
        "a connection was cut",
        "A proxy on the way may end long or idle connections; streams take minutes.",
    ),
    _known(
        "key",
        r"invalid or missing api key|\b401\b.{0,40}unauthorized",
        "the key was not accepted; the client says so as well when it does not trust the proxy",
        f"{PASTE} and start the client again; if that is not it, `amp login`.",
    ),
    _known("connection", r"connection error", "“Connection error”: often the client does not trust the proxy", _TRUST),
)
