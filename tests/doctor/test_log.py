import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amp_addons.doctor.log import TAIL, log, place

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
KEY = "sgamp_user_" + "b2" * 20


def line(message, level="error", age=timedelta(hours=1), **more):
    return json.dumps({"level": level, "message": message, "timestamp": (NOW - age).isoformat().replace("+00:00", "Z"), **more})


@pytest.fixture
def found(tmp_path):
    def found(*lines, now=NOW):
        path = tmp_path / "cli.log"
        path.write_text("\n".join(lines) + "\n")
        return {each.id: each for each in log(path, now)}

    return found


def test_errors_are_counted_and_explained(found):
    each = found(
        line("fetch failed", cause="SELF_SIGNED_CERT_IN_CHAIN"), line("self signed certificate"), line("connect ECONNREFUSED", "warn")
    )
    assert list(each) == ["log.trust", "log.refused"]
    assert "2 times in the last day: the client does not trust" in each["log.trust"].text
    assert "once in the last day" in each["log.refused"].text
    assert "amp-addons env" in each["log.trust"].remedy


@pytest.mark.parametrize(
    "text",
    [
        line("ECONNREFUSED", "info"),
        line("ECONNREFUSED", "debug"),
        line("ECONNREFUSED", age=timedelta(hours=25)),
        line("all is well"),
        "",
        "{",
    ],
)
def test_what_is_no_error_of_today(found, text):
    assert [each.state for each in found(text).values()] == ["ok"]


def test_lines_of_text_are_as_old_as_the_file(found):
    assert list(found("ERROR read ECONNRESET", now=datetime.now(UTC))) == ["log.reset"]
    assert list(found("ERROR read ECONNRESET", now=datetime.now(UTC) + timedelta(days=2))) == ["log"]


@pytest.mark.parametrize("name", ["@timestamp", "time"])
def test_other_names_for_the_time(found, name):
    old = (NOW - timedelta(days=3)).isoformat()
    assert list(found(json.dumps({"level": "error", "message": "ECONNRESET", name: old}))) == ["log"]


def test_only_the_end_is_read(found):
    assert list(found(line("ECONNRESET"), "x" * TAIL)) == ["log"]
    assert list(found("x" * TAIL, line("ECONNRESET"))) == ["log.reset"]


def test_nothing_of_a_line_is_repeated(found):
    each = found(line(f"ECONNREFUSED {KEY} \x1b[2J"))
    assert KEY not in str(each) and "\\x1b" not in str(each)


def test_no_log(tmp_path):
    [each] = log(tmp_path / "none", NOW)
    assert (each.state, "AMP_LOG_FILE=amp-debug.log" in each.remedy) == ("skipped", True)


@pytest.mark.parametrize(
    "environ, path",
    [
        ({}, "/home/me/.cache/amp/logs/cli.log"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/amp/logs/cli.log"),
        ({"AMP_LOG_FILE": "/tmp/amp-debug.log", "XDG_CACHE_HOME": "/x"}, "/tmp/amp-debug.log"),
    ],
)
def test_place(environ, path):
    assert place(environ, Path("/home/me")) == Path(path)
