"""Pieces of requests as they may be shown to people: without credentials, by name and by look, and without what steers a terminal."""

from typing import Any

import msgspec

from amp_addons.core.rules.credential import is_credential
from amp_addons.core.scrub import MASK, is_secret_name, scrub_text


def shown_header(name: bytes, value: bytes) -> str:
    return MASK if is_credential(name, value) else scrub_text(value.decode("utf-8", "surrogateescape"))


def shown_value(pointer: str, value: Any) -> str:
    """A value at a JSON pointer, as JSON."""
    hidden = MASK if any(map(is_secret_name, pointer.split("/"))) else _without_secrets(value)
    return scrub_text(msgspec.json.encode(hidden).decode())


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: MASK if is_secret_name(key) else _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list | tuple) else value
