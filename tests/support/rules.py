"""Rules and requests for tests, as short as in a rule file."""

import json
from typing import Any

import msgspec

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.decision import Destination, Secret
from amp_addons.core.rules.match import Match
from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.url import origin_of
from amp_addons.rulefiles.catalog import Catalog, classify

AMP = "https://ampcode.com"
MESSAGES = f"{AMP}/api/provider/anthropic/v1/messages"
JSON = {"content-type": "application/json"}
CATALOG = Catalog.load()
BLOCK = {"block": True}


def look_alike(kind: str = "sk") -> str:
    """What looks like a key, and is none."""
    return {"sk": "sk-", "jwt": "ey" + "J" + "a" * 10 + "." + "b" * 10 + ".", "amp": "sgamp" + "_", "bearer": "Bear" + "er "}[
        kind
    ] + "a" * 40


def match_of(spec: dict[str, Any]) -> Match:
    return msgspec.convert(spec, Match)


def rules_of(*specs: dict[str, Any], mode: Any = "enforce", upstreams: dict[str, Destination] | None = None, **options: Any) -> RuleSet:
    """Rules as in a file; ids are made up where there are none, and `then` is `block`."""
    rules = [msgspec.convert({"id": f"rule-{n}", "then": BLOCK, **spec}, Rule) for n, spec in enumerate(specs)]
    return RuleSet([(rule, mode) for rule in rules], upstreams, **{"catalog": CATALOG, **options})


def destination(url: str | None = "https://gateway.example", *, key: str | None = None, **more: Any) -> Destination:
    credential = ("x-api-key", Secret(key)) if key else None
    return Destination(name="gateway", origin=origin_of(url) if url else None, credential=credential, **more)


def request(url: str = MESSAGES, body: Any = None, headers: Any = JSON, method: str = "POST", **more: Any) -> Exchange:
    """A request; a body that is not bytes is made JSON. It is classified as the addons do it."""
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    return Exchange(method, url, headers, raw, **{"classification": classify(method, url, catalog=CATALOG), "client": "127.0.0.1", **more})


class Sealed(Exchange):
    """A request whose body cannot be looked into."""

    @property
    def json(self) -> bytes | None:  # type: ignore[override]
        raise AssertionError("the body was read")


def sealed(url: str = MESSAGES, headers: Any = JSON, method: str = "POST", **more: Any) -> Sealed:
    return Sealed(method, url, headers, b"{}", classification=classify(method, url, catalog=CATALOG), client="127.0.0.1", **more)
