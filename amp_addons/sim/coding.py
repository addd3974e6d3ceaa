"""Content codings (RFC 9110, section 8.4.1) for streams: each piece is flushed, so that the client can decode it at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from amp_addons.core.codings import ENCODERS, Encoder

CODINGS: dict[str, Callable[[], Encoder]] = {name: ENCODERS[name] for name in ("gzip", "deflate", "br", "zstd")}
"""What a client may ask for, by its name in Accept-Encoding."""


def encoded(pieces: Iterable[bytes], codings: Sequence[str]) -> Iterator[bytes]:
    """Apply the codings, in order, to a body; one piece out for each piece in, and one for the end."""
    for coding in codings:
        pieces = _encoded(pieces, CODINGS[coding]())
    return iter(pieces)


def accepted(header: str) -> list[str]:
    """The coding to use for a client with this Accept-Encoding: the first it names that is known."""
    return [coding for coding, wanted in _offers(header) if wanted and coding in CODINGS][:1]


def accepts(header: str, content_encoding: str) -> bool:
    """Whether a client with this Accept-Encoding asked for such an answer (RFC 9110, section 12.5.3, but that no header asks for none)."""
    offers = dict(_offers(header))
    names = [name.strip() for name in content_encoding.lower().split(",")]
    return all(offers.get(name, offers.get("*", False)) for name in names if name not in ("", "identity"))


def _offers(header: str) -> Iterator[tuple[str, bool]]:
    for offer in header.lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        yield coding, weight not in ("0", "0.0", "0.00", "0.000")


def _encoded(pieces: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
    for piece in pieces:
        yield encoder.feed(piece)
    yield encoder.close()
