from amp_addons.report.figures import by_model, problems, quantile


def test_figures_of_each_model(told):
    sonnet, gpt, gemini, haiku, kimi = by_model(told[0].flows)
    assert [each.model for each in (sonnet, gpt, gemini, haiku, kimi)] == [
        "claude-sonnet-4-5",
        "gpt-5.1",
        "gemini-2.5-flash",
        "claude-haiku-4-5",
        "kimi/kimi-k2",
    ]
    assert (sonnet.requests, sonnet.problems, len(sonnet.first), len(sonnet.durations)) == (9, 4, 7, 9)
    assert sonnet.input == sonnet.fresh + sonnet.cache_read + sonnet.cache_write and 0.6 < sonnet.cached_share < 0.7
    assert gpt.tokens == gpt.input + 520 and haiku.first == [] and kimi.cost is None and kimi.cached_share == 0


def test_quantiles():
    assert quantile([], 0.5) is None and quantile([3], 0.95) == 3
    assert quantile([5, 1, 3], 0.5) == 3 and quantile(range(1, 101), 0.95) == 95


def test_problems_by_kind(told):
    assert problems(told[0].flows)["blocked"] == 3 and problems(told[0].flows).total() == 8
