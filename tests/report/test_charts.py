import pytest
from support.capture import AMP, CaptureFile

from amp_addons.report.charts import LABELS, MAX_DOTS, MAX_LANES, WIDTH, shares, spread, timeline
from amp_addons.report.figures import ModelFigures, by_model


def test_every_flow_has_a_bar_in_its_lane(told):
    chart = timeline(told[0].flows)
    bars = [bar for lane in chart.lanes for bar in lane.bars]
    assert sorted(bar.flow.number for bar in bars) == list(range(1, 22))
    assert chart.lanes[0].label == "provider.anthropic" and all(LABELS <= bar.x and bar.x + bar.width <= WIDTH for bar in bars)
    assert all(bar.first is None or bar.x <= bar.first <= bar.x + bar.width + 0.2 for bar in bars)


def test_bars_at_the_same_time_are_below_each_other(told):
    lane = timeline(told[0].flows).lanes[0]
    assert len({bar.y for bar in lane.bars}) == 2


def test_pauses_are_left_out_and_told(told):
    chart = timeline(told[0].flows)
    assert [pause.label for pause in chart.pauses] == ["30.5 s", "31.0 s", "21.0 s", "30.0 s"]
    assert [tick.label for tick in chart.ticks][:2] == ["14:00:00", "14:00:10"]
    assert all(after.x - before.x >= 60 for before, after in zip(chart.ticks, chart.ticks[1:], strict=False))


@pytest.mark.parametrize("count", [1, 2000])
def test_one_flow_or_many_pauses_fit(read, tmp_path, count):
    with CaptureFile(tmp_path / "a") as out:
        for number in range(count):
            out.add(f"{AMP}/api/x{number % 40}/y", number * 5000.0, method="GET", pieces=[b"{}"])
    flows = read(out.path).flows
    chart = timeline(flows)
    assert len(chart.lanes) <= MAX_LANES and all(0 <= bar.x <= WIDTH and bar.width > 0 for lane in chart.lanes for bar in lane.bars)
    assert len(chart.ticks) >= (1 if count == 1 else 5) and len({tick.label for tick in chart.ticks}) == len(chart.ticks)


def test_many_endpoints_share_the_last_lane(read, tmp_path):
    paths = ["user", "threads", "threads/T-1", "telemetry", "connect", "internal?x", "unknown1", "internal/github-auth-status"]
    hosts = [f"{AMP}/api/provider/{name}/v1/x" for name in "anthropic openai google xai cerebras groq supernova fireworks".split()]
    with CaptureFile(tmp_path / "a") as out:
        for number, url in enumerate(
            [*(f"{AMP}/api/{path}" for path in paths), *hosts, "https://other.example/", "https://openrouter.ai/api/v1/x"]
        ):
            out.add(url, number, method="GET", pieces=[b"{}"])
    chart = timeline(read(out.path).flows)
    assert len(chart.lanes) <= MAX_LANES and sum(len(lane.bars) for lane in chart.lanes) == 18


def test_times_along_a_logarithmic_axis(told):
    figures = by_model(told[0].flows)
    chart = spread(figures, lambda each: each.durations, 560)
    assert [row.label for row in chart.rows] == [each.model for each in figures] and chart.rows[0].number == 9
    assert all(LABELS <= x <= 560 for row in chart.rows for x in row.dots) and chart.rows[0].half.x <= chart.rows[0].most.x
    assert "1.0 s" in [tick.label for tick in chart.ticks]
    assert spread(figures, lambda each: (), 560) is None


def test_of_very_many_some_dots_are_drawn():
    chart = spread([ModelFigures(provider="p", model="m", first=[float(number) for number in range(5000)])], lambda each: each.first, 560)
    assert len(chart.rows[0].dots) <= MAX_DOTS and chart.rows[0].number == 5000


def test_one_value_has_an_axis():
    assert spread([ModelFigures(provider="p", model="m", first=[0.0])], lambda each: each.first, 560).rows[0].dots == [LABELS]


def test_shares_of_tokens_stand_side_by_side():
    figures = ModelFigures(provider="p", model="m", input=60, cache_read=30, cache_write=10, output=40, reasoning=15)
    found = shares(figures, 100)
    assert [(each.kind, each.x, each.width) for each in found] == [
        ("read", 0, 30),
        ("write", 30, 10),
        ("fresh", 40, 20),
        ("reasoning", 60, 15),
        ("output", 75, 25),
    ]
    assert shares(figures, 0) == [] and shares(ModelFigures(provider="p", model="m"), 5) == []
