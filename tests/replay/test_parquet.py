"""Tables of flows and events: their rows, where they lie, and the README's questions to them."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from support.captures import ANSWER, BODY, changed_state, stream_flow, written
from support.secrets import SECRET

from amp_addons.replay.parts import Part
from amp_addons.replay.run import Reader, Wish

pytestmark = pytest.mark.extras

AMP = "https://ampcode.com"
README = Path(__file__).resolve().parents[2] / "README.md"


def from_client(flow, address):
    flow.client_conn.peername = (address, 50_000)
    return flow


def unknown(number):
    return stream_flow(number, url=f"{AMP}/api/new?key={SECRET}", method="GET", body=b"", answer=b"{}", content_type="application/json")


@pytest.fixture
def tables(tmp_path):
    """Reads flows into tables and gives the folder."""

    def tables(*flows, file="f.flows", **wish):
        (tmp_path / file).write_bytes(b"".join(each if isinstance(each, bytes) else written(each) for each in flows))
        found = Reader(Wish(amp_url=AMP, tables=str(tmp_path / "tables"), **{"each_event": True, **wish})).read(Part(str(tmp_path / file)))
        assert found.lines == b"" and found.totals.flows == len(flows)
        return tmp_path / "tables"

    return tables


def rows(folder, table):
    import duckdb

    found = duckdb.sql(f"SELECT * FROM read_parquet('{folder}/{table}/*/*.parquet', hive_partitioning = true) ORDER BY time, flow")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def test_a_row_a_flow(tables, tmp_path):
    folder = tables(from_client(stream_flow(0), "10.0.0.7"), unknown(1))
    first, second = rows(folder, "flows")
    assert first["time"] == datetime(2025, 10, 9, 8, 53, 20) and str(first["day"]) == "2025-10-09"
    assert (first["flow"], first["endpoint"], first["client"]) == ("flow-0", "provider.anthropic", "10.0.0.7")
    assert first["model"] == "claude-sonnet-4-5"
    assert first["cost_usd"] > 0 and first["known"] is True and first["stream"] is True and first["ended"] == "complete"
    assert first["duration_ms"] == 1500.0 and first["capture"] == str(tmp_path / "f.flows") and first["error"] is None
    assert second["known"] is False and second["url"] == f"{AMP}/api/new?key=***" and second["stream"] is None


def test_a_row_a_stream_event_on_the_day_of_its_flow(tables):
    late = stream_flow(0)
    late.request.timestamp_start = 1.7600544e9 - 0.5  # half a second before midnight
    late.response.timestamp_start = late.response.timestamp_end = 1.7600544e9 + 9
    found = rows(tables(late), "events")
    assert [row["seq"] for row in found] == list(range(1, 1 + ANSWER.count(b"event: ")))
    assert {row["event"] for row in found} >= {"message_start", "content_block_delta", "message_stop"}
    assert {(str(row["day"]), row["time"].day, row["t_ms"], row["text"]) for row in found} == {("2025-10-09", 10, 9500.0, None)}
    assert all(row["bytes"] > 0 for row in found)


def test_text_is_there_when_it_is_wished(tables):
    assert "Hello there. " in "".join(row["text"] or "" for row in rows(tables(stream_flow(0), text=True), "events"))


def test_without_stream_events_there_is_no_table_of_them(tables):
    assert [path.name for path in tables(stream_flow(0), each_event=False).iterdir()] == ["flows"]


def test_no_secret_is_written_and_nobody_else_may_read(tables):
    body = BODY[:-1] + b',"metadata":{"user_id":"%s"}}' % SECRET.encode()
    answer = ANSWER.replace(b"there", SECRET.encode())
    flow = stream_flow(0, url=f"{AMP}/api/provider/anthropic/v1/messages?token={SECRET}", body=body, answer=answer)
    flow.request.headers["x-amp-thread-id"] = SECRET
    flow.request.headers["authorization"] = f"Bearer {SECRET}"
    folder = tables(flow, text=True)
    found = [*rows(folder, "flows"), *rows(folder, "events")]
    assert SECRET[8:] not in repr(found) and "***" in repr(found)
    paths = [folder, *folder.rglob("*")]
    assert len(paths) == 7 and not [path for path in paths if path.stat().st_mode & 0o077]


def test_a_part_that_is_done_twice_replaces_itself_and_another_file_does_not(tables):
    for _ in range(2):
        folder = tables(stream_flow(0), stream_flow(1))
    assert len(rows(folder, "flows")) == 2
    folder = tables(stream_flow(0), stream_flow(1), stream_flow(2))
    assert len(rows(folder, "flows")) == 3
    folder = tables(stream_flow(0), file="g.flows")
    assert len(rows(folder, "flows")) == 4


def test_rows_are_written_before_there_are_too_many(tables, monkeypatch):
    from amp_addons.replay import parquet

    monkeypatch.setattr(parquet, "ROWS", 2)
    folder = tables(*map(stream_flow, range(3)), each_event=False)
    assert len(list(folder.rglob("*.parquet"))) == 2 and len(rows(folder, "flows")) == 3


def test_hostile_values_become_null_or_visible(tables):
    odd = [
        {"response__status_code": 10**30},
        {"request__path": b"/\xff\x1b]0;x\x07", "request__host": "../../etc"},
        {"request__timestamp_start": 1e300, "response__timestamp_end": float("inf")},
        {"client_conn__peername": ["\x1b[2J", 1]},
    ]
    folder = tables(*(changed_state(stream_flow(number), **fields) for number, fields in enumerate(odd)))
    found = {row["flow"]: row for row in rows(folder, "flows")}
    assert len(found) == 4 and found["flow-0"]["status"] is None
    assert "\x1b" not in repr([list(row.values()) for row in found.values()]).replace("\\x1b", "")
    assert all(re.fullmatch(r"day=\d{4}-\d\d-\d\d", path.name) for path in folder.glob("*/*"))


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "f").write_bytes(written(stream_flow(0)))
    (tmp_path / "tables").write_text("a file")
    with pytest.raises(OSError, match="tables"):
        Reader(Wish(amp_url=AMP, tables=str(tmp_path / "tables"))).read(Part(str(tmp_path / "f")))


def test_the_questions_of_the_readme_are_answered(tables, tmp_path, monkeypatch):
    import duckdb

    section = README.read_text().partition("### Many captures\n")[2].partition("\n### ")[0]
    cost, slowest, unknowns = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    slow = stream_flow(3, body=BODY.replace(b"sonnet", b"haiku"), answer=ANSWER.replace(b"sonnet", b"haiku"))
    slow.response.timestamp_end += 60
    flows = [from_client(stream_flow(number), f"10.0.0.{number % 2}") for number in range(3)]
    tables(*flows, from_client(slow, "10.0.0.9"), unknown(4), unknown(5))
    (tmp_path / "teams.csv").write_text("client,team\n10.0.0.0,search\n10.0.0.1,payments\n")
    monkeypatch.chdir(tmp_path)
    found = duckdb.sql(cost).fetchall()
    assert {(team, requests) for team, _, requests in found} == {("search", 2), ("payments", 1), ("no team", 1)}
    assert all(usd is not None for _, usd, _ in found)
    assert [(model, streams, time) for model, streams, _, time in duckdb.sql(slowest).fetchall()] == [
        ("claude-haiku-4-5", 1, 61_500.0),
        ("claude-sonnet-4-5", 3, 1_500.0),
    ]
    [(method, url, requests, since, until)] = duckdb.sql(unknowns).fetchall()
    assert (method, url, requests, str(since), str(until)) == ("GET", f"{AMP}/api/new", 2, "2025-10-09", "2025-10-09")
