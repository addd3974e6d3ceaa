"""What the rules do with a request and why, as lines: beside each other what came and what is sent where the terminal is wide."""

from collections.abc import Iterator

from amp_addons.core.rules.comparison import Line
from amp_addons.core.rules.explanation import Explanation, Result, Ruled
from amp_addons.render.fit import clip, pad, squeeze
from amp_addons.render.palette import Palette

WIDE = 110
"""From this width on (columns) both requests stand beside each other: below it their values would be cut too short."""

MAX_VALUE = 400
"""Cells of a value where lines are as long as they need to be."""

_NAME = 24
_VERDICT = 12


def report(palette: Palette, width: int, found: Explanation) -> Iterator[str]:
    asked = found.request
    yield f"{palette.strong}{asked.method}{palette.off} {clip(asked.url, max(20, width - len(asked.method) - 1))}"
    about = (asked.endpoint, asked.category, asked.provider, asked.route, asked.api)
    known = "" if asked.known else f"{palette.unknown}, in no catalog{palette.off}"
    yield f"{' · '.join(part for part in about if part)}{known}"
    yield ""
    yield from _rules(palette, width, found.rules)
    yield ""
    yield from _result(palette, found.result)
    if found.lines:
        yield ""
        yield from _side_by_side(palette, width, found) if width >= WIDE else _stacked(palette, width, found)


def _rules(palette: Palette, width: int, rules: tuple[Ruled, ...]) -> Iterator[str]:
    if not rules:
        yield f"{palette.dim}There are no rules.{palette.off}"
    longest = min(40, max((len(rule.rule) for rule in rules), default=0))
    for rule in rules:
        style, mark, verdict, why = _verdict(palette, rule)
        line = f"{style}{mark} {pad(rule.rule, longest)}  {verdict:<{_VERDICT}}{palette.off}"
        yield (line + clip(why, max(20, min(width, MAX_VALUE) - longest - _VERDICT - 4))).rstrip()


def _verdict(palette: Palette, rule: Ruled) -> tuple[str, str, str, str]:
    """Style, mark, a word, and the reason."""
    what = ": ".join(part for part in (rule.action, rule.detail) if part)
    if not rule.reached:
        would = "it would match" if rule.matched else f"no match by {rule.failed}" if rule.failed else ""
        return palette.dim, "·", "not reached", would
    if rule.unreadable:
        style, mark = (palette.error, "✗") if rule.mode == "enforce" else (palette.warning, "~")
        return style, mark, "undecided", rule.unreadable
    if not rule.matched:
        return palette.dim, "○", "no match", f"by {rule.failed}"
    if rule.mode == "observe":
        # Noting is what it does even so.
        return palette.warning, "~", "observed", what if rule.action in ("alert", "tag") else f"would {what}"
    return palette.good, "✓", "matched", what


def _result(palette: Palette, result: Result) -> Iterator[str]:
    by = f", by rule {result.rule}" if result.rule else ""
    through = f" through {result.proxy}" if result.proxy else ""
    said = {
        "pass": "It goes where the client sends it.",
        "allow": f"It is let through as it is{by}.",
        "passthrough": f"Its connection is not even decrypted{by}.",
        "route": f"It goes to {result.upstream}{through}{by}.",
        "block": f"It is refused here with status {result.status}{by}.",
        "respond": f"It is answered here with status {result.status}{by}.",
    }
    style = palette.error if result.action == "block" else palette.strong
    yield f"{style}{said[result.action]}{palette.off}"
    if result.message:
        yield f"The client is told: {result.message}"
    if result.model:
        yield f"Model {result.model[0]} becomes {result.model[1]}; in the answer it is {result.model[0]} again."
    if result.credential:
        yield f"Credential {result.credential} goes to {result.upstream} in {result.credential_header}."
    if result.dropped_credentials:
        yield f"Of the client's credentials these are dropped: {', '.join(result.dropped_credentials)}."
    if result.kept_credentials:
        yield f"{palette.warning}Of the client's credentials these go along: {', '.join(result.kept_credentials)}.{palette.off}"
    for name, values in (("Tags", result.tags), ("Alerts", result.alerts)):
        if values:
            yield f"{name}: {', '.join(values)}."


_MARKS = {"same": " ", "changed": "~", "dropped": "-", "added": "+"}


def _style(palette: Palette, line: Line) -> str:
    return {"same": palette.dim, "changed": palette.warning, "dropped": palette.error, "added": palette.good}[line.change]


def _label(line: Line) -> str:
    return line.name or line.part if line.part != "query" else f"?{line.name}"


def _after(line: Line, result: Result) -> str:
    """The value on the side of what is sent; beside a credential its name."""
    given = line.part == "header" and result.credential and line.name.lower() == (result.credential_header or "").lower()
    return (line.after or "") + (f" ({result.credential})" if given else "")


def _fit(line: Line, text: str, width: int) -> str:
    """Of a URL the end says more than the middle."""
    return squeeze(text, width) if line.part == "url" else clip(text, width)


def _side_by_side(palette: Palette, width: int, found: Explanation) -> Iterator[str]:
    column = max(len(line.before or "") for line in found.lines)
    column = min(column, (min(width, 2 * MAX_VALUE) - _NAME - 6) // 2)
    yield f"{palette.strong}  {pad('', _NAME)}  {pad('as it came', column)}  as it is sent{palette.off}"
    for line in found.lines:
        left = f"{_MARKS[line.change]} {pad(_label(line), _NAME)}  {pad(_fit(line, line.before or '', column), column)}"
        right = _fit(line, _after(line, found.result), min(width, MAX_VALUE) - _NAME - column - 6)
        yield f"{_style(palette, line)}{f'{left}  {right}'.rstrip()}{palette.off}"


def _stacked(palette: Palette, width: int, found: Explanation) -> Iterator[str]:
    name = min(_NAME, width // 3)
    for heading, side in (("as it came", "before"), ("as it is sent", "after")):
        yield f"{palette.strong}{heading}{palette.off}"
        for line in found.lines:
            if getattr(line, side) is not None:
                value = line.before or "" if side == "before" else _after(line, found.result)
                text = f"{_MARKS[line.change]} {pad(_label(line), name)}  {_fit(line, value, max(20, width - name - 4))}"
                yield f"{_style(palette, line)}{text.rstrip()}{palette.off}"
