"""What all parts of rule files are made of: kinds of text and number, each with the check that it must pass when the file is read."""

from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from amp_addons.core import json_pointer
from amp_addons.core.rules import pattern
from amp_addons.core.rules.header import check_name, check_token, check_value
from amp_addons.core.rules.url import check_file_url, check_proxy, check_url
from amp_addons.core.signature import check_key


def _text(description: str, **extra: Any) -> Meta:
    return Meta(description=description, extra=extra or None)


def _check_network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("an address or a network such as 10.0.0.0/8, all bits after its length 0") from None


def _check_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise ValueError("an address such as 10.1.2.3") from None


def _check_pointer(text: str) -> None:
    try:
        json_pointer.parse(text)
    except ValueError:
        raise ValueError("a JSON pointer (RFC 6901), where ~ is written ~0 and / in a key ~1") from None


def _check_line(text: str) -> None:
    if not text.isprintable():
        raise ValueError("one line of text without control characters")


type Text = Annotated[str, _text("a pattern (a glob, or RE2 after re:)", check=pattern.parse)]
type HostText = Annotated[str, _text("a host pattern", check=lambda text: pattern.parse(text, fold=True))]
type PathText = Annotated[str, _text("a path pattern", check=lambda text: pattern.parse(text, path=True))]
type Network = Annotated[str, _text("an address or a network such as 10.0.0.0/8", check=_check_network)]
type Address = Annotated[str, _text("an address", check=_check_address)]
type HeaderName = Annotated[str, _text("a header name", check=check_name)]
type SeenName = Annotated[str, _text("a header name", check=check_token)]
"""Of a header that is only looked at."""
type HeaderValue = Annotated[str, _text("a header value without control characters", check=check_value)]
type Url = Annotated[str, _text("http(s)://HOST, perhaps with a port and a path", check=check_url)]
type Proxy = Annotated[str, _text("http(s)://HOST:PORT", check=check_proxy)]
type FileUrl = Annotated[str, _text("https://HOST/PATH", check=check_file_url)]
type SigningKey = Annotated[str, _text("a public key (ed25519:…)", check=check_key)]
type Serial = Annotated[int, Meta(ge=1, le=10**15, description="a whole number, higher with each version of the file")]
type Pointer = Annotated[
    str, Meta(pattern=r"^(/.*)?\Z", description="a JSON pointer (RFC 6901) such as /messages/0/role", extra={"check": _check_pointer})
]
type Line = Annotated[str, Meta(min_length=1, description="one line of text", extra={"check": _check_line})]
type Percent = Annotated[float, Meta(ge=0, le=100, description="a percentage from 0 to 100")]
type Seconds = Annotated[float, Meta(gt=0, le=86400, description="seconds, more than 0")]
type OneOrMore[T] = T | Annotated[tuple[T, ...], Meta(min_length=1)]
type Mode = Literal["enforce", "observe"]
type Key = Literal["thread", "client", "model", "request"]
"""What keeps a choice by chance the same: the same key, the same choice."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a rule file have in common."""
