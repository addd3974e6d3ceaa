"""Placeholders are for one client, conversation and upstream, and are forgotten."""

import re

import pytest
from support.secrets import SCOPE, SECRET, SECRETS

from amp_addons.core.redact import vault as module
from amp_addons.core.redact.vault import LENGTH, LIFETIME, MAX_SCOPES, MAX_TURNS, Vault, VaultFull, placeholders_in


def test_the_same_secret_has_the_same_placeholder_and_says_nothing() -> None:
    vault = Vault(b"k")
    placeholder = vault.hide(SECRET, SCOPE, 0)
    assert re.fullmatch(r"[a-z0-9]{32}", placeholder) and len(placeholder) == LENGTH
    assert placeholder == vault.hide(SECRET, SCOPE, 1) == Vault(b"k").hide(SECRET, None, 0)
    assert placeholder not in (Vault(b"other").hide(SECRET, SCOPE, 0), vault.hide(SECRETS[1], SCOPE, 0))
    assert vault.known(SCOPE, 2)[placeholder] == SECRET


@pytest.mark.parametrize("other", [SCOPE._replace(client="127.0.0.2"), SCOPE._replace(thread="T-2"), SCOPE._replace(upstream="x"), None])
def test_another_client_conversation_or_upstream_knows_nothing(other: module.Scope | None) -> None:
    vault = Vault(b"k")
    vault.hide(SECRET, SCOPE, 0)
    assert not vault.known(other, 0)


def test_without_a_conversation_nothing_is_remembered() -> None:
    vault = Vault(b"k")
    vault.hide(SECRET, None, 0)
    assert "0 conversations" in repr(vault)


def test_a_placeholder_that_stands_in_the_text_is_not_taken() -> None:
    vault = Vault(b"k")
    first = vault.placeholder(SECRET)
    assert vault.hide(SECRET, SCOPE, 0, {first}) == vault.placeholder(SECRET, 1)


def test_its_own_placeholder_that_came_back_is_taken_again() -> None:
    """It was not restored in a URL, say. Else the prompt cache would be lost at each turn."""
    vault = Vault(b"k")
    first = vault.hide(SECRET, SCOPE, 0)
    assert vault.hide(SECRET, SCOPE, 0, {first}) == first
    assert vault.hide(first, SCOPE, 0) == first


def test_a_secret_all_of_whose_placeholders_are_taken_is_refused() -> None:
    vault = Vault(b"k")
    with pytest.raises(VaultFull) as caught:
        vault.hide(SECRET, SCOPE, 0, {vault.placeholder(SECRET, turn) for turn in range(MAX_TURNS)})
    assert SECRET not in str(caught.value)


def test_a_full_conversation_refuses_new_secrets_and_knows_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SECRETS", 2)
    vault = Vault(b"k")
    placeholders = [vault.hide(secret, SCOPE, 0) for secret in SECRETS[:2]]
    with pytest.raises(VaultFull) as caught:
        vault.hide(SECRETS[2], SCOPE, 0)
    assert SECRETS[2] not in str(caught.value)
    assert [vault.hide(secret, SCOPE, 0) for secret in SECRETS[:2]] == placeholders


def test_a_conversation_is_forgotten_after_its_lifetime() -> None:
    vault = Vault(b"k")
    vault.hide(SECRET, SCOPE, 0)
    assert vault.known(SCOPE, LIFETIME)
    assert vault.known(SCOPE, 2 * LIFETIME), "each use counts"
    assert not vault.known(SCOPE, 3 * LIFETIME + 1)


def test_the_conversation_used_least_lately_goes_first() -> None:
    vault = Vault(b"k")
    scopes = [SCOPE._replace(thread=f"T-{number}") for number in range(MAX_SCOPES + 2)]
    for now, scope in enumerate(scopes):
        vault.hide(SECRET, scope, now)
        vault.known(scopes[0], now)
    assert vault.known(scopes[0], 2000) and vault.known(scopes[-1], 2000)
    assert not vault.known(scopes[1], 2000)


def test_what_looks_like_a_placeholder_is_found_wherever_it_begins() -> None:
    placeholder = Vault(b"k").placeholder(SECRET)
    assert placeholder in placeholders_in(f"a zqx{placeholder}b")
    assert placeholders_in("zqx and nothing more") == frozenset()


def test_repr_holds_no_secret() -> None:
    vault = Vault(b"hush")
    vault.hide(SECRET, SCOPE, 0)
    assert "hush" not in repr(vault) and SECRET not in repr(vault)


def test_secrets_have_a_size_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 250)
    monkeypatch.setattr(module, "MAX_TOTAL", 500)
    vault = Vault(b"k")
    scopes = [SCOPE._replace(thread=f"T-{number}") for number in range(3)]
    for scope in scopes:
        vault.hide("a" * 100, scope, 0)
        vault.hide("b" * 100, scope, 0)
        with pytest.raises(VaultFull):
            vault.hide("c" * 100, scope, 0)
    assert [len(vault.known(scope, 0)) for scope in scopes] == [0, 2, 2]
