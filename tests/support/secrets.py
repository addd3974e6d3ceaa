"""Look-alike secrets, and redactions that find them."""

import random
import string
from functools import cache
from typing import Any

import msgspec

from amp_addons.core.redact.action import Hiding, Redaction
from amp_addons.core.redact.redactor import Redactor
from amp_addons.core.redact.vault import Scope, Vault
from amp_addons.core.rules.then import Redact
from amp_addons.rulefiles.detectors import shipped_detectors


def letters(seed: int, size: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=size))


SECRET = "sk-" + "ant-" + "api03-" + letters(5, 93) + "AA"
SECRETS = (SECRET, "gh" + "p_" + letters(6, 36), "AKIA" + letters(7, 16).upper().translate(str.maketrans("0189", "ABCD")))
_KEY = "RSA PRIVATE KEY-----"
PEM = ("-----BEGIN " + _KEY, *(letters(seed, 64) for seed in range(20, 24)), "-----END " + _KEY)
SCOPE = Scope("127.0.0.1", "T-1", "api.example")


@cache
def redactor() -> Redactor:
    return Redactor(one for one in shipped_detectors() if one.kind != "personal")


def redaction(mode: Any = "mask", rule: str = "rule", **spec: Any) -> Redaction:
    return Redaction(rule=rule, name="secrets", mode=mode, redactor=redactor(), spec=msgspec.convert(spec, Redact))


def hiding() -> Hiding:
    return Hiding(vault=Vault(b"key of a test"), key=b"key of a test")
