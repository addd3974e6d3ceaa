"""What is wrong, or worth a warning, with rule files that are each well formed: names that lead nowhere, rights not granted."""

from collections.abc import Iterator
from typing import NamedTuple

from amp_addons.core.endpoint import UNKNOWN_IDS
from amp_addons.core.rules.credential import is_protected
from amp_addons.core.rules.match import Match
from amp_addons.core.rules.model import Grant, Rule
from amp_addons.core.rules.pattern import parse
from amp_addons.core.rules.texts import several
from amp_addons.core.rules.then import Split, Then
from amp_addons.core.rules.url import origin_of
from amp_addons.core.scrub import scrub_text
from amp_addons.core.text import did_you_mean
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.credentials import Credentials
from amp_addons.rulefiles.included import Source
from amp_addons.rulefiles.problems import Path, Problem
from amp_addons.rulefiles.redactors import redactor_problems
from amp_addons.rulefiles.remote.rights import remote_problems

_BEFORE_TLS = ("host", "client", "any", "all", "not_")
"""What is known of a connection before it is decrypted."""


class Place(NamedTuple):
    """A rule, and where it stands."""

    source: Source
    keys: Path
    rule: Rule

    def problem(self, keys: Path, found: str, expected: str, hint: str = "") -> Problem:
        return self.source.problem((*self.keys, *keys), found, expected, hint)


def problems_of(sources: list[Source], catalog: Catalog, credentials: Credentials) -> list[Problem]:
    """Everything that keeps the files from being used together."""
    own = [*redactor_problems(sources), *_upstreams(sources, credentials), *_repeated(sources), *_rule_problems(sources, catalog)]
    return [*own, *remote_problems(sources)]


def places(sources: list[Source]) -> Iterator[Place]:
    for source in sources:
        for number, rule in enumerate(source.file.rules):
            yield Place(source, ("rules", number), rule)


def _upstreams(sources: list[Source], credentials: Credentials) -> Iterator[Problem]:
    seen: set[str] = set()
    for source in sources:
        for name, upstream in source.file.upstreams.items():
            keys = ("upstreams", name)
            if name in seen:
                yield source.problem(keys, f"'{name}' again", "each upstream once in all files")
            seen.add(name)
            if "upstreams" not in source.grants:
                yield source.problem(keys, "an upstream in an included file", source.granted("upstreams"))
            if upstream.credential is None:
                continue
            if "credentials" not in source.grants:
                yield source.problem((*keys, "credential"), "a credential in an included file", source.granted("credentials"))
            elif problem := credentials.problem(upstream.credential, source.path):
                yield source.problem((*keys, "credential"), *problem)


def _repeated(sources: list[Source]) -> Iterator[Problem]:
    first: dict[str, Source] = {}
    for place in places(sources):
        other = first.setdefault(place.rule.id, place.source)
        if other is not place.source:
            yield place.problem(("id",), f"'{place.rule.id}' again (first in {other.document.file})", "each id once in all files")


def _rule_problems(sources: list[Source], catalog: Catalog) -> Iterator[Problem]:
    upstreams = {name: upstream for source in sources for name, upstream in source.file.upstreams.items()}
    endpoints = catalog.ids | set(UNKNOWN_IDS)
    for place in places(sources):
        then = place.rule.then
        yield from _matches(place, ("match",), place.rule.match, endpoints)
        for keys, name in _routes(then):
            if name not in upstreams:
                known = ", ".join(upstreams) or "none is defined"
                yield place.problem(keys, f"the unknown upstream '{name}'", f"one of upstreams ({known})", did_you_mean(name, upstreams))
        if then.credentials == "keep":
            hosts = [origin_of(found.url).host for _, name in _routes(then) if (found := upstreams.get(name)) and found.url]
            if wrong := [host for host in hosts if host != (then.credentials_host or "").lower()]:
                named = f"'{scrub_text(then.credentials_host or '')}'"
                yield place.problem(("then", "credentials_host"), named, f"{wrong[0]}, the host of the upstream")
        yield from _rights(place)


def _routes(then: Then) -> Iterator[tuple[Path, str]]:
    if isinstance(then.route, Split):
        for number, part in enumerate(then.route.split):
            yield ("then", "route", "split", number, "upstream"), part.upstream
    elif then.route is not None:
        yield ("then", "route"), then.route


def _matches(place: Place, keys: Path, match: Match, endpoints: set[str]) -> Iterator[Problem]:
    for number, text in enumerate(several(match.endpoint)) if match.endpoint is not None else ():
        if not any(map(parse(text).matches, endpoints)):
            where = (*keys, "endpoint", number) if isinstance(match.endpoint, tuple) else (*keys, "endpoint")
            yield place.problem(
                where,
                f"the unknown endpoint '{scrub_text(text)}'",
                "an id of the catalogs (amp-addons catalog)",
                did_you_mean(text, endpoints),
            )
    if place.rule.then.passthrough:
        for name in match.__struct_fields__:
            if name not in _BEFORE_TLS and getattr(match, name) not in (None, (), {}):
                yield place.problem((*keys, name), name, "host or client: nothing else is known before a connection is decrypted")
    for key, part in match.parts():
        name, _, place_in_list = key.rstrip("]").partition("[")
        yield from _matches(place, (*keys, name, int(place_in_list)) if place_in_list else (*keys, name), part, endpoints)


def _rights(place: Place) -> Iterator[Problem]:
    """What a rule does that it must say it means, or that its file was not allowed to."""
    then, grants = place.rule.then, place.source.grants
    if not then.allow_protected:
        for key, names in (("set_headers", then.set_headers), ("remove_headers", then.remove_headers)):
            for name in filter(is_protected, names):
                expected = "another header: authentication and amp-* arrive unmodified, unless the rule says allow_protected: true"
                yield place.problem(("then", key), name, expected)
    asked: dict[Grant, tuple[bool, str]] = {
        "protected": (then.allow_protected, "allow_protected"),
        "credentials": (then.credentials == "keep", "credentials"),
        "passthrough": (then.passthrough, "passthrough"),
    }
    for right, (wanted, key) in asked.items():
        if wanted and right not in grants:
            yield place.problem(("then", key), f"{key} in an included file", place.source.granted(right))
