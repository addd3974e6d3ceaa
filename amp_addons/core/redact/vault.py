"""Placeholders: what goes upstream in a secret's place, and which secret comes back for it, in memory alone.

A placeholder says nothing of its secret and is the same for the same secret as long as the proxy runs (the same on every proxy that has
the same key), so that prompt caches stay valid. Which placeholders may be turned back is another matter: only those that this client
sent, in this conversation, to this upstream (THREATS 3).
"""

import re
from base64 import b32encode
from collections import OrderedDict
from collections.abc import Container, Mapping
from hmac import digest
from threading import Lock
from typing import NamedTuple

PREFIX = "zqx"
"""What placeholders begin with: three letters that no English word and hardly any code has in a row, so that streams seldom wait."""

LENGTH = 32
"""Characters of a placeholder: the prefix and 145 bits, so that two secrets never have the same one by chance."""

MAX_SCOPES = 1000
"""Conversations remembered; the one that was used least lately goes first."""

MAX_SECRETS = 10_000
"""Secrets remembered of one conversation."""

MAX_SIZE = 4 * 1024 * 1024
"""Characters of one conversation's secrets: a thousand private keys."""

MAX_TOTAL = 64 * 1024 * 1024
"""Characters of all secrets; past it the conversation that was used least lately goes first."""

MAX_TURNS = 16
"""Placeholders that a secret may have: another one is taken where one stands in the text by itself."""

LIFETIME = 24 * 3600.0
"""Seconds after its last use that a conversation is forgotten."""


_PLACEHOLDER = re.compile(f"(?=({PREFIX}[a-z2-7]{{{LENGTH - len(PREFIX)}}}))")


def placeholders_in(text: str) -> frozenset[str]:
    """What looks like a placeholder in a text: to look one up then takes no longer in a long text."""
    return frozenset(_PLACEHOLDER.findall(text)) if PREFIX in text else frozenset()


class Scope(NamedTuple):
    """For whom a placeholder stands: client (a user or an address), conversation, and the upstream that was given it."""

    client: str
    thread: str
    upstream: str


class VaultFull(ValueError):
    """A conversation has more secrets than are remembered: what could not be turned back is not sent."""


class _Kept:
    def __init__(self) -> None:
        self.used = 0.0
        self.size = 0
        self.secrets: dict[str, str] = {}  # by placeholder


class Vault:
    """Remembers which placeholder stands for which secret. Times are the caller's, in seconds."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._lock = Lock()  # large bodies are redacted in threads
        self._size = 0
        self._scopes: OrderedDict[Scope, _Kept] = OrderedDict()

    def __repr__(self) -> str:
        return f"Vault({len(self._scopes)} conversations)"

    def hide(self, secret: str, scope: Scope | None, now: float, text: Container[str] = "") -> str:
        """The placeholder for a secret, none that already stands in `text`, unless it is the secret's own in this conversation.

        Without a scope nothing is remembered. A placeholder of this conversation that looks like a secret stays as it is. Raises VaultFull.
        """
        with self._lock:
            known = self._kept(scope, now).secrets if scope is not None else {}
            if secret in known:
                return secret
            placeholder = self._free(secret, known, text)
            if scope is not None and placeholder not in known:
                self._keep(scope, placeholder, secret)
            return placeholder

    def _keep(self, scope: Scope, placeholder: str, secret: str) -> None:
        kept = self._scopes[scope]
        if len(kept.secrets) >= MAX_SECRETS:
            raise VaultFull(f"more than {MAX_SECRETS:,} secrets in one conversation")
        if kept.size + len(secret) > MAX_SIZE:
            raise VaultFull(f"more than {MAX_SIZE:,} characters of secrets in one conversation")
        kept.secrets[placeholder] = secret
        kept.size += len(secret)
        self._size += len(secret)
        while self._size > MAX_TOTAL:
            self._drop()  # never this one, which is the last

    def _drop(self) -> None:
        """Forget the conversation that was used least lately."""
        self._size -= self._scopes.popitem(last=False)[1].size

    def _free(self, secret: str, known: Mapping[str, str], text: Container[str]) -> str:
        for turn in range(MAX_TURNS):
            placeholder = self.placeholder(secret, turn)
            # Its own one came back with an answer, where it was not restored: another one would spoil the prompt cache.
            if known.get(placeholder) == secret or placeholder not in text:
                return placeholder
        raise VaultFull("every placeholder for a secret stands in the text already")

    def placeholder(self, secret: str, turn: int = 0) -> str:
        found = digest(self._key, b"%d\0%b" % (turn, secret.encode("utf-8", "surrogatepass")), "sha256")
        return PREFIX + b32encode(found).decode().lower()[: LENGTH - len(PREFIX)]

    def known(self, scope: Scope | None, now: float) -> Mapping[str, str]:
        """The secrets of a scope by placeholder: the vault's own mapping, to look at."""
        with self._lock:
            if scope is None or scope not in self._scopes:
                return {}
            return self._kept(scope, now).secrets

    def _kept(self, scope: Scope, now: float) -> _Kept:
        while self._scopes and (now - next(iter(self._scopes.values())).used > LIFETIME or len(self._scopes) > MAX_SCOPES):
            self._drop()
        kept = self._scopes.pop(scope, None) or _Kept()
        kept.used = now
        self._scopes[scope] = kept
        return kept
