import pytest
from support.listeners import answering, http

from amp_addons.doctor import passage
from amp_addons.doctor.passage import EVENTS, PACE, judged, stream, upgrade
from amp_addons.doctor.wire import Way
from amp_addons.sim import SimulatedAmp


@pytest.fixture
async def sim():
    async with SimulatedAmp() as sim:
        yield sim


@pytest.mark.parametrize("check", [stream, upgrade])
async def test_what_passes(sim, check):
    found = await check(Way(sim.port), sim)  # it answers as a proxy to itself would
    assert found.state == "ok", found
    assert "a company's proxy beyond ours is not in this" in found.text


@pytest.mark.parametrize("check", [stream, upgrade])
async def test_somebody_elses_answer_is_no_proof(sim, check):
    async with SimulatedAmp() as other:
        found = await check(Way(other.port), sim)
    assert (found.state, "through another proxy" in found.text, "NO_PROXY" in found.remedy) == ("skipped", True, True), found


@pytest.mark.parametrize("check", [stream, upgrade])
@pytest.mark.parametrize(
    "answer, state, word",
    [
        (http(403), "failure", "status 403"),
        (http(407), "skipped", "asks for a user and password"),
        (http(502), "skipped", "through another proxy"),
        (b"", "failure", "the connection was cut"),
        (b"nonsense\r\n\r\n", "failure", "the connection was cut"),
    ],
)
async def test_what_goes_wrong(sim, check, answer, state, word):
    async with answering(answer) as port:
        found = await check(Way(port), sim)
    assert (found.state, word in found.text) == (state, True), found


@pytest.mark.parametrize("check", [stream, upgrade])
async def test_patience_has_an_end(sim, check, monkeypatch):
    monkeypatch.setattr(passage, "STEP", 0.05)
    async with answering(b"", close=False) as port:
        found = await check(Way(port), sim)
    assert (found.state, "nothing came" in found.text) == ("failure", True), found


PACED = [PACE * index for index in range(EVENTS)]


@pytest.mark.parametrize(
    "times, state, word",
    [
        (PACED, "ok", "before the last"),
        ([time + 3 for time in PACED], "ok", "before the last"),
        ([1.0] * EVENTS, "failure", "held back"),
        ([1.0 + index / 100 for index in range(EVENTS)], "failure", "held back"),
        ([0.0, *[PACE * EVENTS * 2] * (EVENTS - 1)], "warning", "pause"),
        (PACED[:3], "failure", "3 came through"),
        ([], "failure", "0 came through"),
    ],
)
def test_judgement(times, state, word):
    found = judged(times)
    assert (found.state, word in found.text) == (state, True), found
