"""Choices by chance that stay the same: the same key and the same secret give the same share on every proxy, at any time."""

from hashlib import blake2b

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.kinds import Key


def share(exchange: Exchange, by: Key, rule: str, secret: bytes) -> float:
    """A number from 0 to 1 (without 1) for this rule and what the request has in common with others of its kind.

    A request without a thread goes by its client. Raises core.exchange.Unreadable.
    """
    text = f"{rule}\0{by}\0{_key(exchange, by)}".encode("utf-8", "surrogatepass")
    digest = blake2b(text, digest_size=8, key=secret[:64]).digest()
    return (int.from_bytes(digest) >> 11) / 2**53  # as many bits as a float has: more would be rounded, and could be rounded up to 1


def _key(exchange: Exchange, by: Key) -> str:
    if by == "model":
        return exchange.model or ""
    if by == "request":
        return exchange.flow
    return (by == "thread" and exchange.thread) or exchange.sender
