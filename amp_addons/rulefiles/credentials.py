"""The credentials that upstreams are given: out of the environment or a file, at load, so that a missing one is known at once."""

import os
from collections.abc import Mapping
from pathlib import Path

from amp_addons.core.rules.decision import Secret
from amp_addons.core.rules.header import check_value
from amp_addons.core.rules.model import Credential
from amp_addons.files import read_private

MAX_BYTES = 8192
"""Largest credential file: the longest header value that servers commonly take."""

PLACEHOLDER = "placeholder"
"""What stands for every credential where rules are only tried out, by people or machines that have none."""


class Credentials:
    """Reads each credential; a value is never part of a message. With `placeholders` none is read at all."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, placeholders: bool = False) -> None:
        self._environment = os.environ if environment is None else environment
        self._placeholders = placeholders

    def problem(self, credential: Credential, rule_file: Path) -> tuple[str, str] | None:
        """(what was found, what was expected), or None when the credential is there and can be sent."""
        try:
            self.value(credential, rule_file)
        except LookupError as error:
            return (
                str(error.args[0]),
                "an environment variable that is set and not empty where the proxy is started (for trials: --placeholder-credentials)",
            )
        except OSError as error:
            return (
                f"the file {credential.file}, which cannot be read ({(error.strerror or str(error)).lower()})",
                "a file with the credential",
            )
        except ValueError as error:
            return f"a value in {credential.name} that no header can have", str(error)
        return None

    def value(self, credential: Credential, rule_file: Path) -> Secret:
        """The header value. Raises LookupError (no such variable), OSError, ValueError (no header can have it)."""
        text = PLACEHOLDER if self._placeholders else self._read(credential, rule_file)
        prefix = credential.prefix if credential.prefix is not None else "Bearer" if credential.header.lower() == "authorization" else ""
        value = f"{prefix} {text}" if prefix and not text.lower().startswith(f"{prefix.lower()} ") else text
        check_value(value)
        return Secret(value)

    def _read(self, credential: Credential, rule_file: Path) -> str:
        return self._variable(credential.env) if credential.env else _file(rule_file.parent / (credential.file or ""))

    def _variable(self, name: str) -> str:
        if not (value := self._environment.get(name, "").strip()):
            raise LookupError(f"{name}, which is not set")
        return value


def _file(path: Path) -> str:
    try:
        text = read_private(path, MAX_BYTES).decode().strip()
    except UnicodeDecodeError:
        raise ValueError("text in UTF-8") from None
    if not text:
        raise ValueError("a credential in the file")
    return text
