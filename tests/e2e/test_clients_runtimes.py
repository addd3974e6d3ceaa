"""The clients run on what they are said to run on, and check certificates."""

import pytest
from e2e.cases import UNTRUSTED
from e2e.runtimes import command

pytestmark = pytest.mark.e2e


def test_the_runtime_is_what_it_is_called(stage, runtime):
    name, version = stage.client(runtime).version.split()
    assert name == runtime
    assert runtime != "node" or int(version.partition(".")[0]) >= 24


def test_without_the_ca_nothing_gets_through(stage, runtime):
    client = stage.start(runtime, UNTRUSTED, trusting=False)
    client.finish()
    for case in UNTRUSTED:
        assert "certificate" in client.results[case.name]["error"]["message"].lower()
        assert not [request for request in stage.sim.requests if request.header("x-amp-thread-id") == case.thread(runtime)]


@pytest.mark.parametrize("name", ["node", "bun"])
def test_a_runtime_that_is_missing_is_a_failure_that_says_what_to_do(tmp_path, name):
    with pytest.raises(AssertionError, match="scripts/setup --clients"):
        command(name, packages=tmp_path)
