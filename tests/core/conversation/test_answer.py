from amp_addons.core.conversation.answer import answered
from amp_addons.core.conversation.parts import Text, Thinking, ToolCall
from amp_addons.core.reading import Summary


def test_thoughts_come_first_then_what_was_said_then_what_was_called() -> None:
    said = Summary(thinking="hm", text="Yes.", refusal="Not that.", tool_calls=[{"id": "t1", "name": "Read", "args": {"path": "a"}}, {}])
    assert answered(said) == [
        Thinking("hm"),
        Text("Yes."),
        Text("Not that."),
        ToolCall("t1", "Read", {"path": "a"}),
        ToolCall("", "", None),
    ]


def test_an_empty_answer_has_no_parts() -> None:
    assert answered(Summary()) == []
