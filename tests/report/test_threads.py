import pytest
from support.capture import MESSAGES, Agent, CaptureFile, answer

from amp_addons.core.conversation.parts import Text, ToolResult
from amp_addons.report.threads import MAX_ADDED, MAX_ALIGNED, MAX_REWRITTEN, threads_of


def test_threads_and_what_has_none(told):
    _, threads = told
    assert [(thread.id, len(thread.requests)) for thread in threads] == [("T-0199f2aa", 9), ("", 1), ("T-0199f2bb", 3)]
    assert threads[0].title.startswith("The tests in tests/test_buffer.py fail") and threads[1].title == "Write a haiku about buffers."
    assert [thread.number for thread in threads] == [1, 2, 3]


def test_helpers_are_conversations_beside_the_agents(told):
    requests = told[1][0].requests
    assert [request.branch for request in requests] == [0, 1, 2, 0, 3, 0, 0, 0, 0]
    assert [request.follows for request in requests] == [None, None, None, 7, None, 10, 12, 13, 15]


def test_only_what_is_new_is_shown(told):
    first, _, _, second, *_ = told[1][0].requests
    assert len(first.added) == 1 and len(first.system) == 1 and len(first.tools) == 6
    assert (second.change.kept, second.change.added, second.repeats) == (1, 2, 1) and not second.system and not second.tools
    assert isinstance(second.added[1].parts[0], ToolResult) and second.added[1].parts[0].parts[0].text.startswith("1: class Buffer")


def test_a_history_written_anew_is_told_message_by_message(told):
    request = told[1][0].requests[-1]
    assert request.change.breaks_cache and request.change.tools_added == ("web_search",) and request.change.kept == 0
    assert [(each.number, each.after is None) for each in request.rewritten] == [(1, False), (2, False), (3, False), (4, True), (5, True)]
    assert request.rewritten_more == request.change.replaced - MAX_REWRITTEN and request.added == []


@pytest.fixture
def agent(tmp_path):
    with CaptureFile(tmp_path / "a.flows") as out:
        yield Agent(out, "T-1")


def requests_of(read, agent):
    agent.out._out.flush()
    reading = read(agent.out.path)
    [thread] = threads_of(reading.flows, reading.kept)
    return thread.requests


def test_messages_that_are_the_same_after_one_that_was_changed_or_removed_are_not_told(read, agent):
    agent.say("a").ask(0, answer("b"))
    agent.say("c").ask(5, answer("d"))
    agent.messages = [agent.messages[0], {"role": "assistant", "content": "B"}, *agent.messages[2:]]
    agent.say("e").ask(10, answer("f"))
    agent.messages = [agent.messages[0], *agent.messages[2:]]
    agent.say("g").ask(15, answer("h"))
    changed, shorter = requests_of(read, agent)[2:]
    assert [(each.number, each.after.parts) for each in changed.rewritten] == [(2, (Text("B"),))] and changed.change.replaced == 2
    assert [message.parts for message in changed.added] == [(Text("d"),), (Text("e"),)]
    assert [(each.number, each.after) for each in shorter.rewritten] == [(2, None)] and shorter.change.kept == 1
    assert [message.parts for message in shorter.added] == [(Text("f"),), (Text("g"),)]


def test_what_is_past_the_limits_is_counted(read, agent):
    for number in range(MAX_ALIGNED + 10):
        agent.say(str(number))
    agent.ask(0, answer("b"))
    agent.messages = [{"role": "user", "content": f"other {number}"} for number in range(MAX_ALIGNED + 20)]
    agent.ask(5, answer("b"))
    first, second = requests_of(read, agent)
    assert (len(first.added), first.added_more) == (MAX_ADDED, MAX_ALIGNED + 10 - MAX_ADDED)
    assert second.change.replaced == len(second.rewritten) + second.rewritten_more == MAX_ALIGNED + 10
    assert len(second.added) + second.added_more == 20


def test_changed_instructions_are_there_before_and_after(read, agent):
    agent.say("a").ask(0, answer("b"))
    agent.system = "Other instructions."
    agent.say("c").ask(5, answer("d"))
    found = requests_of(read, agent)[1]
    assert found.system == ["Other instructions."] and found.system_before[0].startswith("You are a coding agent")


def test_an_answer_that_was_changed_before_it_was_sent_back_is_shown(read, agent):
    agent.say("a").ask(0, answer("what I said"))
    agent.messages[-1]["content"][0]["text"] = "what I never said"
    agent.say("c").ask(5, answer("d"))
    found = requests_of(read, agent)[1]
    assert found.repeats == 0 and found.added[0].parts == (Text("what I never said"),)


def test_the_same_request_once_more(read, agent):
    agent.say("a")
    messages = agent.messages
    agent.ask(0, answer("b"))
    agent.messages = messages
    agent.ask(5, answer("c"))
    found = requests_of(read, agent)[1]
    assert (found.change.kept, found.change.added, found.change.replaced, found.follows) == (1, 0, 0, 1)


def test_the_same_question_to_two_models_is_two_conversations(read, agent):
    agent.say("a")
    messages = agent.messages
    agent.ask(0, answer("b"))
    agent.messages, agent.model = messages, "claude-haiku-4-5"
    agent.ask(5, answer("c"))
    assert [request.branch for request in requests_of(read, agent)] == [0, 1]


def test_requests_that_cannot_be_read_are_there_all_the_same(read, tmp_path):
    with CaptureFile(tmp_path / "a") as out:
        out.add(MESSAGES, 0, body=b"no", status=400, pieces=[b"{}"])
        out.add(MESSAGES, 1, body=b"no", thread="T-1", status=400, pieces=[b"{}"])
    reading = read(out.path)
    assert [(thread.title, len(thread.requests)) for thread in threads_of(reading.flows, reading.kept)] == [("", 1), ("", 1)]
