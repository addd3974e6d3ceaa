import csv
import io
import json

import pytest
from support.ledger import make_flow

from amp_addons.ledger.export import csv_lines, json_lines
from amp_addons.ledger.report import EXPORTED, Span, rows


def as_csv(connection):
    return list(csv.DictReader(io.StringIO("".join(csv_lines(rows(connection, Span()))))))


def test_csv_reads_back(kept):
    (row,) = as_csv(kept(make_flow(model='a "quoted", name')))
    assert tuple(row) == EXPORTED
    assert (row["model"], row["known"], row["cost_usd"], row["upstream"]) == ('a "quoted", name', "true", "0.25", "")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_no_text_is_a_formula(kept, begin):
    (row,) = as_csv(kept(make_flow(model=begin + 'HYPERLINK("http://x")')))
    assert row["model"] == "'" + begin + 'HYPERLINK("http://x")'


def test_numbers_are_no_formulas(kept):
    (row,) = as_csv(kept(make_flow(stream={"cost_usd": -1.5})))
    assert row["cost_usd"] == "-1.5"


def test_control_characters_are_made_visible_whoever_wrote_them(kept, path):
    import sqlite3
    from contextlib import closing

    kept()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE flows SET model = ?", ("\x1b[2J\n\u202e\tx",))
    connection = kept()
    for text in ("".join(csv_lines(rows(connection, Span()))), "".join(json_lines(rows(connection, Span())))):
        assert "\x1b" not in text and "\u202e" not in text and text.count("\n") == (3 if text.startswith("time,") else 2)
        assert "x1b[2J" in text


def test_json_lines_keep_types(kept):
    (line,) = json_lines(rows(kept(), Span()))
    found = json.loads(line)
    assert tuple(found) == EXPORTED
    assert (found["known"], found["tokens_input"], found["cost_usd"], found["upstream"]) == (True, 10, 0.25, None)
