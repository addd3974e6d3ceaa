"""What a capture amounts to, as tables; nothing from traffic steers the terminal or is taken for markup (THREATS 1)."""

import io

import pytest
from replay.test_totals import flow, of
from rich.console import Console

from amp_addons.render import replayed as module
from amp_addons.render.replayed import replayed

HOSTILE = "\x1b[2J\x9b31m\u202e[bold]x[/bold]\u2066\x07"


def shown(found, captures=("f.flows",), width=200):
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False, highlight=False).print(*replayed(found, captures), sep="\n")
    return out.getvalue()


def test_the_foot_counts_the_same_errors_as_the_rows():
    found = of([flow(0), flow(3, outcome="error", status=None), flow(6, status=529), flow(9, status=529, stream=False)]).as_json()
    assert sum(row["errors"] for row in found["rows"]) == 3
    assert ", 3 errors (2 status 529, 1 failed), $" in shown(found)


def test_numbers_are_in_their_rows():
    text = shown(of([flow(3), flow(6, cost=0.25), flow(4, known=False, url="https://ampcode.com/api/new?x=1")]).as_json())
    [row] = [line for line in text.splitlines() if line.startswith("e0 ")]
    assert row.split()[:11] == ["e0", "m", "2", "2", "9", "B", "20", "B", "9", "18", "$0.3500"]
    assert "3 flows, 2025-01-01T00:00:03.000Z to 2025-01-01T00:00:06.000Z, 1 error (1 failed), $0.4500." in text
    assert "Streams ended: 2 complete, 1 error." in text and "Slowest streams" in text
    assert "1  POST https://ampcode.com/api/new" in text and '    path: "/api/new"' in text
    assert "r0" in text and "ai-key" in text


def test_nothing_is_said_to_be_nothing():
    assert shown(of([]).as_json()) == "no HTTP flow was found in f.flows\n"
    assert shown(of([]).as_json(), ("a", "b")) == "no HTTP flow was found\n"


def test_long_lists_are_cut_and_say_so(monkeypatch):
    flows = [flow(3 * number, model=f"m{number}", known=False, url=f"https://ampcode.com/n{number}") for number in range(60)]
    text = shown(of(flows).as_json())
    assert f"{60 - module.MAX_ROWS} rows more (--json has all)" in text and "50 more (--json has all)" in text
    monkeypatch.setattr(module, "MAX_TYPES", 2)
    assert "4 more types." in shown(of(flows).as_json())


def hostile(value):
    """The same shape, each text of it hostile."""
    if isinstance(value, dict):
        return {name if name.isidentifier() else HOSTILE: hostile(each) for name, each in value.items()}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("width", [40, 1000])
def test_nothing_from_traffic_steers_the_terminal(width):
    found = hostile(of([flow(number, known=False) for number in range(12)]).as_json())
    found["event_types"] = {HOSTILE: 3}
    text = shown(found, (HOSTILE,), width)
    assert all(character.isprintable() or character == "\n" for character in text)
    if width == 1000:
        assert "[bold]x[/bold]" in text and "\\x1b[2J\\x9b31m\\u202e" in text
    empty = shown({**found, "flows": 0}, (HOSTILE,))
    assert all(character.isprintable() or character == "\n" for character in empty)
