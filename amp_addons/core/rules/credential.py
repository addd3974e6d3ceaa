"""What of a request is a credential, and so never goes to another upstream by a rule (DESIGN promise 2).

It errs towards dropping: whatever is called like a secret, or looks like a key, or tells who a person is.
"""

from urllib.parse import unquote_plus

from amp_addons.core.exchange import Headers
from amp_addons.core.scrub import MAX_SEEN, SECRET_HEADERS, is_secret_name, mask_keys, scrub_url

_PROTECTED_PREFIXES = ("amp-", "x-amp-")


def is_protected(name: str) -> bool:
    """Whether a header arrives unmodified unless a rule says `allow_protected`: authentication, and Amp's own."""
    name = name.lower()
    return is_credential_name(name) or name.startswith(_PROTECTED_PREFIXES)


def is_credential_name(name: str) -> bool:
    return name in SECRET_HEADERS or is_secret_name(name)


def is_credential(name: bytes, value: bytes) -> bool:
    """Whether a header is one by its name or by the look of its value."""
    called, text = name.decode("latin-1").lower(), value.decode("latin-1")
    if is_credential_name(called) or len(text) > MAX_SEEN or mask_keys(text) != text:
        return True
    return called == "referer" and scrub_url(text) != text


def without_credentials(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if not is_credential(name, value))


def query_without_credentials(query: str) -> str:
    """The query without the pairs that are credentials by key or look; the others as they were sent."""
    return "&".join(pair for pair in query.split("&") if not _is_secret_pair(pair))


def credentials_in(headers: Headers, query: str) -> tuple[str, ...]:
    """The names of what the functions above take out; a `?` before those of the query."""
    names = [name.decode("latin-1").lower() for name, value in headers if is_credential(name, value)]
    return (*names, *(f"?{unquote_plus(pair.partition('=')[0])}" for pair in query.split("&") if _is_secret_pair(pair)))


def _is_secret_pair(pair: str) -> bool:
    """Some servers read `a=1;b=2` as two pairs: if one is a credential, both go."""
    names = [unquote_plus(name) for name, equals, _ in (part.partition("=") for part in pair.split(";")) if equals]
    plain = unquote_plus(pair)
    return any(map(is_secret_name, names)) or mask_keys(plain) != plain
