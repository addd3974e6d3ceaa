"""What `decide()` costs with 10, 1,000 and 10,000 rules, nearly all of which cannot match, in one run, alternating.

Timed is `decide` alone, on requests that it has not seen: building the Exchange is not, and its classification is given, as the addons have
it. Host, path, query and what the body says are worked out within the timed part. The requests are of six kinds, four of them with a body
of some 100 bytes; hosts, endpoints and models come again, as in life. Processor time of the thread, so that other programs matter less.
Ratios are what to look at: each is the median of the ratios within a round. The other rows tell which kind of rule costs what; the other
table how long files take to load.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.decision import Destination
from amp_addons.core.rules.model import Rule
from amp_addons.core.rules.ruleset import RuleSet
from amp_addons.core.rules.url import origin_of
from amp_addons.rulefiles import rules as rulefiles
from amp_addons.rulefiles.catalog import Catalog, classify

SIZES = (10, 1_000, 10_000)
ENDPOINTS = ("provider.anthropic", "provider.openai", "provider.google", "provider.groq", "threads.list", "telemetry", "user.get")
KINDS: dict[str, Any] = {
    "hosts": lambda n: {"host": f"service-{n}.example"},
    "host patterns": lambda n: {"host": f"*.service-{n}.example"},
    "endpoints and models": lambda n: {"endpoint": ENDPOINTS[n % len(ENDPOINTS)], "model": f"model-{n}"},
    "model patterns": lambda n: {"category": "inference", "model": f"model-{n}-*"},
    "RE2": lambda n: {"endpoint": ENDPOINTS[n % len(ENDPOINTS)], "model": f"re:model-{n}-[0-9]+"},
    "paths": lambda n: {"method": "POST", "path": f"/service/{n}/**"},
    "any, all": lambda n: {"any": [{"host": f"a-{n}.example"}, {"host": f"b-{n}.example"}], "all": [{"stream": True}]},
    "lists": lambda n: {"model": [f"one-{n}", f"two-{n}-*"], "header": {"x-team": "blue"}, "thread": f"T-{n}"},
}
PASSES = [
    {"id": "canary", "match": {"endpoint": "provider.anthropic", "model": "claude-opus-*", "sample": 50}, "then": {"route": "gateway"}},
    {"id": "note", "match": {"category": "inference", "stream": True}, "then": {"tag": "streams"}},
]
AMP = "https://ampcode.com"
JSON = [("content-type", "application/json"), ("x-amp-thread-id", "T-bench"), ("user-agent", "amp")]
BODY = {"model": "claude-sonnet-4-5", "stream": True, "max_tokens": 4000, "messages": [{"role": "user", "content": "go on"}]}
REQUESTS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", f"{AMP}/api/provider/anthropic/v1/messages", BODY),
    ("POST", f"{AMP}/api/provider/openai/v1/responses", {"model": "gpt-5.1", "stream": True, "input": "go on"}),
    ("POST", f"{AMP}/api/provider/google/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", {"contents": []}),
    ("GET", f"{AMP}/api/user", None),
    ("POST", "https://openrouter.ai/api/v1/chat/completions", {**BODY, "model": "anthropic/claude"}),
    ("GET", "https://registry.example/package", None),
)


def rules_of(count: int, kinds: Iterable[str]) -> list[dict[str, Any]]:
    """`count` rules: two that may match, last, and before them some of each kind that cannot."""
    makers = [KINDS[kind] for kind in kinds]
    others = [{"id": f"rule-{n}", "match": makers[n % len(makers)](n), "then": {"block": True}} for n in range(count - len(PASSES))]
    return [*others, *PASSES]


def rule_set(count: int, kinds: Iterable[str], catalog: Catalog) -> RuleSet:
    rules = msgspec.convert(rules_of(count, kinds), list[Rule])
    gateway = Destination(name="gateway", origin=origin_of("https://gateway.example"))
    return RuleSet([(rule, "enforce") for rule in rules], {"gateway": gateway}, catalog=catalog, secret=b"bench")


def exchanges(flows: int, catalog: Catalog) -> list[Exchange]:
    """The same kinds of requests, each built anew."""
    found = []
    for n in range(flows):
        method, url, body = REQUESTS[n % len(REQUESTS)]
        kind = classify(method, url, catalog=catalog)
        raw = json.dumps(body).encode() if body else None
        found.append(Exchange(method, url, JSON, raw, classification=kind, client="127.0.0.1", flow=f"flow-{n}"))
    return found


def timed(rules: RuleSet, flows: list[Exchange]) -> float:
    """Microseconds a flow."""
    decide = rules.decide
    gc.collect()
    started = time.thread_time()
    for exchange in flows:
        decide(exchange)
    return (time.thread_time() - started) / len(flows) * 1e6


def measure(sets: dict[int, RuleSet], flows: int, rounds: int, catalog: Catalog) -> Iterator[dict[int, float]]:
    """One dict of microseconds a round; every other round in the opposite order."""
    for rules in sets.values():
        timed(rules, exchanges(flows, catalog))
    gc.freeze()  # the rules, which no collection has to look at again
    for turn in range(rounds):
        order = list(sets)[:: -1 if turn % 2 else 1]
        yield {size: timed(sets[size], exchanges(flows, catalog)) for size in order}


def ratio(rounds: list[dict[int, float]], size: int) -> float:
    return statistics.median(turn[size] / turn[SIZES[0]] for turn in rounds)


def decide_table(flows: int, rounds: int, catalog: Catalog) -> Table:
    columns = [f"{size:,} rules" for size in SIZES]
    table = Table("rules", *columns, "1,000 to 10", "10,000 to 10 ≤ 2", title="decide(): µs a flow ≤ 25, medians")
    mixes = {"all mixed": list(KINDS), **{kind: [kind] for kind in KINDS}}
    for name, kinds in mixes.items():
        found = list(measure({size: rule_set(size, kinds, catalog) for size in SIZES}, flows, rounds, catalog))
        medians = [f"{statistics.median(turn[size] for turn in found):.1f}" for size in SIZES]
        table.add_row(name, *medians, f"{ratio(found, SIZES[1]):.2f}", f"{ratio(found, SIZES[2]):.2f}", end_section=name == "all mixed")
    return table


def load_table(catalog: Catalog) -> Table:
    table = Table("rules", "file", "load, first", "load, again", title="RuleSet.load: ms; 1,000 rules ≤ 1,000 ms")
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES[:2]:
            path = Path(folder) / f"{size}.yaml"
            upstreams = {"gateway": {"url": "https://gateway.example"}}
            path.write_text(json.dumps({"version": 1, "upstreams": upstreams, "rules": rules_of(size, KINDS)}))
            spent = []
            for _ in range(3):
                started = time.perf_counter()
                rulefiles.RuleSet.load(path, catalog=catalog)
                spent.append((time.perf_counter() - started) * 1000)
            table.add_row(f"{size:,}", f"{path.stat().st_size // 1000:,} KB", f"{spent[0]:.0f}", f"{min(spent[1:]):.0f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/bench rules")
    parser.add_argument("--quick", action="store_true", help="half the flows and three rounds: rougher")
    args = parser.parse_args()
    flows, rounds = (300, 3) if args.quick else (600, 25)
    catalog = Catalog.load()
    console = Console(width=max(110, Console().width))
    console.print(load_table(catalog))
    console.print(decide_table(flows, rounds, catalog))


if __name__ == "__main__":
    main()
