"""A report as the HTML of one page that needs nothing else: what runs and how it looks is in it, and named by hash in its policy.

Every text goes through the templates' escaping; the only HTML that does not is made in `markdown`, `diff` and `blocks`, which escape
every text themselves. The policy is the second line: should a text ever get out of its place, it could still run, load and send nothing.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup

from amp_addons import __version__
from amp_addons.core.conversation.parts import ToolResult
from amp_addons.core.payload import dumps, loads
from amp_addons.prices import price_table
from amp_addons.render.units import counted, duration, figure, size
from amp_addons.report import charts
from amp_addons.report.blocks import Blocks, Budget, clipped
from amp_addons.report.clean import Cleaner
from amp_addons.report.diff import Difference, compared
from amp_addons.report.figures import ModelFigures, by_model, problems, quantile
from amp_addons.report.model import Flow, Report, Rewrite, Thread

FILES = Path(__file__).with_name("page")

MAX_TEXT = 8_000_000
"""Characters of conversations in a page: about what a browser opens in a second. Past it each text is cut short."""

SPREAD_WIDTH = 560
NOTHING = "\u2013"
MAX_LINKS = 8
_ENDINGS = {
    "blocked": "refused by rules",
    "aborted": "left by the client before the end",
    "truncated": "broken off before the end",
    "error": "failed",
}
_HUES = {"anthropic": "h-anthropic", "openai": "h-openai", "google": "h-google"}


def page(report: Report, cleaner: Cleaner) -> str:
    """The page. `cleaner` is the one that the report was made with."""
    budget = Budget(MAX_TEXT)
    environment = _environment(cleaner, Blocks(budget))
    figures = by_model(report.flows)
    style, script = _file("report.css"), _file("report.js")
    return environment.get_template("report.html.j2").render(
        report=report,
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        version=__version__,
        prices=price_table(),
        totals=report.totals.as_json(),
        period=_period(report.flows),
        stats=_stats(report, figures),
        highlights=_highlights(report),
        timeline=charts.timeline(report.flows) if report.flows else None,
        figures=figures,
        most_tokens=max((each.tokens for each in figures), default=0),
        first=charts.spread(figures, lambda each: each.first, SPREAD_WIDTH),
        durations=charts.spread(figures, lambda each: each.durations, SPREAD_WIDTH),
        acted=_acted(report.flows),
        unknown=_unknown(report.flows),
        links=_links,
        filters=_filters(report.flows),
        threads_by_flow={request.flow.number for thread in report.threads for request in thread.requests},
    )


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy: nothing but this style and this script, and no HTML made of text by the script."""
    rules = (
        "default-src 'none'",
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(rules)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


class _Templates(BaseLoader):
    """The templates with what is only there to be read taken out: a browser makes a node of every line break between two elements."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        lines = map(str.strip, _file(template).splitlines())
        source = "".join(line if line.startswith(("<", "{")) else f" {line}" for line in lines if line)
        return source, str(FILES / template), lambda: True


class About(NamedTuple):
    """A conversation in a line."""

    when: str
    models: str
    tokens: int
    cost: float | None
    problems: int
    broken: int
    branches: int


def _environment(cleaner: Cleaner, blocks: Blocks) -> Environment:
    environment = Environment(loader=_Templates(), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {
        "about": _about,
        "blocks": blocks.of,
        "brief": lambda text: clipped(text, 24),
        "characters": lambda texts: counted(sum(map(len, texts)), "character"),
        "counted": counted,
        "difference": lambda each: _difference(each, blocks),
        "duration": duration,
        "figure": figure,
        "hue": _hue,
        "is_results": lambda message: all(isinstance(part, ToolResult) for part in message.parts),
        "kinds": lambda flow: " ".join(_kinds(flow)),
        "letter": lambda number: chr(65 + number) if number < 26 else str(number + 1),
        "middle": lambda values: f"{middle:,.0f}" if (middle := quantile(values, 0.5)) is not None else NOTHING,
        "money": money,
        "name": lambda text: cleaner.name(str(text)) if text is not None else "",
        "number": lambda number: f"{number:,}",
        "percent": lambda share: f"{share:.0%}",
        "quantiles": _quantiles,
        "setting": lambda value, name: _setting(cleaner, name, value),
        "shares": charts.shares,
        "short": lambda text: clipped(text, 200),
        "size": size,
        "system": blocks.system,
        "system_change": lambda request: compared(blocks.system(request.system_before), blocks.system(request.system)).html,
        "top": lambda events: sorted(events.items(), key=lambda item: -item[1])[:12],
    }
    return environment


def money(dollars: float) -> str:
    """`$0.0042`, `$1.37`, `$1,204`."""
    if dollars >= 100:
        return f"${dollars:,.0f}"
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}" if dollars >= 0.0001 else "<$0.0001"


def _quantiles(values: Sequence[float]) -> str:
    half, most = quantile(values, 0.5), quantile(values, 0.95)
    if half is None or most is None:
        return NOTHING
    return duration(half) if len(values) == 1 else f"{duration(half)} · {duration(most)}"


def _setting(cleaner: Cleaner, name: str, value: str | None) -> str:
    if value is None:
        return NOTHING
    found = cleaner.value({name: loads(value)})
    return clipped(" ".join(dumps(next(iter(found.values()))).split()), 200)


def _difference(each: Rewrite, blocks: Blocks) -> Difference:
    assert each.after is not None
    return blocks.difference(each.before, each.after)


def _hue(flow: Flow) -> str:
    if flow.problem:
        return "h-error"
    if flow.request.category != "inference":
        return "h-plain"
    return _HUES.get(flow.request.provider or "", "h-model")


def _kinds(flow: Flow) -> list[str]:
    """By which filters a flow is shown."""
    asked = {
        "model": flow.request.category == "inference",
        "stream": flow.stream is not None or flow.socket_count > 0,
        "problem": flow.problem is not None,
        "rule": bool(flow.actions or flow.redactions),
        "unknown": not flow.request.known,
    }
    return [name for name, holds in asked.items() if holds]


def _filters(flows: Sequence[Flow]) -> list[tuple[str, str, int]]:
    counts = Counter(kind for flow in flows for kind in _kinds(flow))
    labels = {"model": "Models", "stream": "Streams", "problem": "Problems", "rule": "Rules", "unknown": "Unknown"}
    return [("all", "All", len(flows)), *((key, label, counts[key]) for key, label in labels.items() if counts[key])]


def _period(flows: Sequence[Flow]) -> str:
    if not flows:
        return ""
    first, last = flows[0].request.time, max(flow.end.time for flow in flows)
    if first[:10] == last[:10]:
        return f"{first[:10]}, {first[11:16]} to {last[11:16]} UTC"
    return f"{first[:10]} {first[11:16]} to {last[:10]} {last[11:16]} UTC"


def _stats(report: Report, figures: Sequence[ModelFigures]) -> list[tuple[str, str, str, str]]:
    flows = report.flows
    failed = sum(flow.problem is not None for flow in flows)
    input, output = sum(each.input for each in figures), sum(each.output for each in figures)
    read = sum(each.cache_read for each in figures)
    costs = [each.cost for each in figures if each.cost is not None]
    unpriced = sum(each.cost is None and each.tokens > 0 for each in figures)
    found = [("Flows", f"{len(flows):,}", f"of {len(flows) + report.left_out:,}" if report.left_out else "", "")]
    if report.threads:
        found.append(("Conversations", f"{len(report.threads):,}", "", ""))
        found.append(("Requests to models", f"{sum(each.requests for each in figures):,}", "", ""))
    if input:
        found.append(("Input tokens", figure(input), f"{read / input:.0%} cached" if read else "", ""))
    if output:
        found.append(("Output tokens", figure(output), "", ""))
    if costs:
        found.append(("Cost", money(sum(costs)), f"without {counted(unpriced, 'model')} of unknown price" if unpriced else "", ""))
    return [*found, ("Problems", f"{failed:,}", "", "bad" if failed else "")]


def _highlights(report: Report) -> list[tuple[str, list[tuple[int, str]], str]]:
    """What stands out: sentences with the flows that they are about."""
    found: list[tuple[str, list[tuple[int, str]], str]] = []
    for problem, count in problems(report.flows).most_common(5):
        numbers = [(flow.number, "f") for flow in report.flows if flow.problem == problem]
        found.append((f"{counted(count, 'flow')} {_ENDINGS.get(problem, f'answered with {problem}')}", numbers[:MAX_LINKS], "bad"))
    breaks = [request for thread in report.threads for request in thread.requests if request.change and request.change.breaks_cache]
    if breaks:
        what = "request changes" if len(breaks) == 1 else "requests change"
        numbers = [(request.flow.number, "r") for request in breaks[:MAX_LINKS]]
        found.append((f"{len(breaks):,} {what} what the one before had already sent, which a prompt cache does not cover", numbers, "warn"))
    unknown = [flow for flow in report.flows if not flow.request.known]
    if unknown:
        found.append(
            (f"{counted(len(unknown), 'flow')} to endpoints that no catalog knows", [(f.number, "f") for f in unknown[:MAX_LINKS]], "")
        )
    return found


def _acted(flows: Iterable[Flow]) -> Mapping[tuple[str, str, str], list[int]]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for flow in flows:
        for action in flow.actions:
            found.setdefault((action.rule, action.mode, action.action), []).append(flow.number)
    return found


def _unknown(flows: Iterable[Flow]) -> Mapping[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for flow in flows:
        if not flow.request.known:
            found.setdefault((flow.request.method, flow.request.url.partition("?")[0]), []).append(flow.number)
    return found


def _links(numbers: Sequence[int]) -> Markup:
    links = Markup(" ").join(Markup('<a href="#f{0}">#{0}</a>').format(number) for number in numbers[:MAX_LINKS])
    return links + (" …" if len(numbers) > MAX_LINKS else "")


def _about(thread: Thread) -> About:
    flows = [request.flow for request in thread.requests]
    models = Counter(flow.model for flow in flows if flow.model)
    usage = [flow.answer.usage for flow in flows if flow.answer]
    costs = [flow.cost for flow in flows if flow.cost is not None]
    names = [name for name, _ in models.most_common()]
    return About(
        when=flows[0].request.time[11:19],
        models=", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        tokens=sum(each.get("input", 0) + each.get("output", 0) for each in usage),
        cost=sum(costs) if costs else None,
        problems=sum(flow.problem is not None for flow in flows),
        broken=sum(request.change is not None and request.change.breaks_cache for request in thread.requests),
        branches=max(request.branch for request in thread.requests) + 1,
    )
