"""Several proxies with one key: whichever a request goes through, the same comes of it."""

import json
from contextlib import ExitStack

import pytest
from e2e.test_bad_input import start_and_fail
from support.proxy import post, read_all, tunnel
from support.secrets import SECRET, letters
from support.world import world

pytestmark = pytest.mark.e2e

RULES = """
- {id: half, match: {sample: 50}, then: {tag: picked}}
- {id: hide, match: {}, then: {redact: hidden}}
- {id: split, match: {}, then: {route: {split: [{upstream: other, weight: 1}, {upstream: bare, weight: 1}]}}}
"""
REDACTORS = "redactors: {hidden: {mode: placeholder}}"
THREADS = [f"T-{number}" for number in range(12)]
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": f"say {SECRET}"}]}).encode()


def outcome(here):
    """Of each thread: its upstream, the rules that acted, and what stood in the secret's place."""
    with tunnel(here.proxy) as sock:
        for thread in THREADS:
            sock.sendall(post("/api/provider/anthropic/v1/messages", BODY, x_amp_thread_id=thread))
            read_all(sock)
    events = here.proxy.wait_ended(len(THREADS))
    threads = {event["flow"]: event["thread"] for event in events if event["type"] == "flow.request"}
    ends = {threads[event["flow"]]: (event["upstream"], event["rules"]) for event in events if event["type"] == "flow.end"}
    sent = {thread: json.loads(here.received(here.other, thread)[0].body)["messages"][0]["content"] for thread in THREADS}
    assert all(SECRET not in text for text in sent.values())
    return {thread: (*ends[thread], sent[thread]) for thread in THREADS}


def test_proxies_with_one_key_decide_alike_and_those_with_another_do_not(tmp_path):
    """One is given the key in the environment, one in a file; a third has another key."""
    key = letters(3, 40)
    (tmp_path / "key").write_text(f"{key}\n")
    (tmp_path / "key").chmod(0o600)
    environments = [{"AMP_ADDONS_KEY": key}, {"AMP_ADDONS_KEY_FILE": str(tmp_path / "key")}, {"AMP_ADDONS_KEY": letters(4, 40)}]
    with ExitStack() as stack:
        here = [stack.enter_context(world(RULES, top=REDACTORS, env=env)) for env in environments]
        one, same, other = map(outcome, here)
        assert all(key not in each.proxy.output for each in here)
    assert one == same
    for place, what in enumerate(("upstreams", "samples", "placeholders")):
        assert [found[place] for found in one.values()] != [found[place] for found in other.values()], what
    assert len({found[2] for found in one.values()}) == 1, "the same placeholder in all conversations"


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"AMP_ADDONS_KEY": "short"}, "AMP_ADDONS_KEY: found a key of 5 characters, expected 16 at least"),
        ({"AMP_ADDONS_KEY_FILE": "/nowhere/key"}, "AMP_ADDONS_KEY_FILE: found /nowhere/key, which cannot be read"),
    ],
)
def test_bad_key_refuses_the_start(tmp_path, env, said):
    assert said in start_and_fail(tmp_path, env=env)
