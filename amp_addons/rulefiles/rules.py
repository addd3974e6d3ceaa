"""Rule files: the user's YAML and what it includes, checked as a whole, into the rules in force.

Everything that is wrong with the files is found in one go, each problem with its place (DESIGN promise 6).
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.exchange import Exchange
from amp_addons.core.rules import ruleset as core
from amp_addons.core.rules.decision import Destination
from amp_addons.core.rules.kinds import Mode
from amp_addons.core.rules.model import Rule, Test, Timeouts, Upstream
from amp_addons.core.rules.url import origin_of
from amp_addons.core.target import below
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.clientchecks import client_problems
from amp_addons.rulefiles.credentials import Credentials
from amp_addons.rulefiles.included import Source, sources
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.redactors import redactors_of
from amp_addons.rulefiles.remote.remotes import Get
from amp_addons.rulefiles.rulechecks import problems_of
from amp_addons.rulefiles.rulewarnings import warnings_of

__all__ = ["RuleSet"]


class RuleSet(core.RuleSet):
    """The rules of some files. `warnings` are sentences about what is allowed and yet may not be meant; `tests` come from the files."""

    files: tuple[Path, ...] = ()
    """Those on the disk."""
    names: tuple[str, ...] = ()
    """All files, as messages have them."""
    warnings: tuple[str, ...] = ()
    tests: tuple[tuple[Source, Test], ...] = ()
    digest: str = ""
    """SHA-256 of what the files say, in their order: proxies with the same one have the same rules, wherever the files are."""

    @classmethod
    def load(
        cls,
        *paths: str | Path,
        catalog: Catalog | None = None,
        amp_url: str | None = None,
        observe: bool = False,
        secret: bytes = b"",
        environment: Mapping[str, str] | None = None,
        placeholders: bool = False,
        balanced: bool = False,
        get: Get | None = None,
    ) -> Self:
        """The rules of the files in this order, those of an included file after those of the file that includes it, and those of files
        behind URLs after all others.

        `environment` is where credentials are looked for (default: the process's own); with `placeholders` they are not, for rules that
        are only tried out; `balanced`: rules that go by the client's address are refused. `get` is what fetches signed files (default: only
        the copies that a proxy has kept are read). Raises RuleFileError (a ValueError) with all that is wrong.
        """
        catalog = catalog or Catalog.load()
        found, problems = sources(paths, get)
        credentials = Credentials(environment, placeholders=placeholders)
        problems += problems_of(found, catalog, credentials)
        if balanced:
            problems += client_problems(found)
        if problems:
            raise RuleFileError(problems)
        made = cls(
            list(_rules(found)),
            {name: _ready(name, upstream, source, credentials) for source in found for name, upstream in source.file.upstreams.items()},
            catalog=catalog,
            amp_url=amp_url or DEFAULT_AMP_URL,
            observe=observe,
            secret=secret,
            redactors=redactors_of(found),
            own=sum(len(source.file.rules) for source in found if not source.is_remote),
        )
        made.files = tuple(source.path for source in found if not source.is_remote)
        made.names = tuple(source.document.file for source in found)
        made.warnings = (*warnings_of(found), *_left_out(made))
        made.digest = sha256(" ".join(source.document.digest for source in found).encode()).hexdigest()
        made.tests = tuple((source, test) for source in found for test in source.file.tests)
        return made


_SAME_TEXT = {
    "thread uploads": ("POST", "/api/internal?uploadThread"),
    "threads": ("POST", "/api/threads"),
    "telemetry": ("POST", "/api/telemetry"),
}
"""Requests that carry what was said to a model once more (THREATS 4)."""


def _left_out(rules: RuleSet) -> Iterator[str]:
    """Sentences about requests with the same text as those that rules redact, and that no such rule takes in."""
    redacting = [ready.rule.id for ready in rules.rules if ready.mode == "enforce" and ready.rule.then.redact is not None]
    missed = [name for name, (method, path) in _SAME_TEXT.items() if redacting and not _redacts(rules, method, path)]
    if missed:
        yield f"rule {redacting[0]} redacts, but not {', '.join(missed)}: these carry the same text."


def _redacts(rules: RuleSet, method: str, path: str) -> bool:
    decision = rules.decide(Exchange(method, below(rules.amp_url, path), {"content-type": "application/json"}, b"{}", client="127.0.0.1"))
    return bool(decision.changes.redactions) or decision.action == "block"


def _rules(found: list[Source]) -> Iterator[tuple[Rule, Mode]]:
    for source in found:
        for rule in source.file.rules:
            yield rule, rule.mode or source.file.defaults.mode


def _ready(name: str, upstream: Upstream, source: Source, credentials: Credentials) -> Destination:
    credential = upstream.credential
    return Destination(
        name=name,
        origin=origin_of(upstream.url) if upstream.url else None,
        strip_path=upstream.strip_path,
        credential=(credential.header, credentials.value(credential, source.path)) if credential else None,
        credential_name=credential.name if credential else None,
        proxy=origin_of(upstream.proxy) if upstream.proxy else None,
        host_header=upstream.host_header,
        timeouts=_timeouts(upstream.timeouts, source.file.defaults.timeouts),
    )


def _timeouts(own: Timeouts, default: Timeouts) -> Timeouts:
    given = {name: value for name in own.__struct_fields__ if (value := getattr(own, name)) is not None}
    return msgspec.structs.replace(default, **given)
