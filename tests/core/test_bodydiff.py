import json

import pytest

from amp_addons.core.bodydiff import MAX_CHANGES, changes

FIRST = {"model": "m", "system": "be brief", "messages": [{"role": "user", "content": "hi"}]}


def after(**more):
    return {**json.loads(json.dumps(FIRST)), **more}


def kinds(found):
    return [(each.kind, each.path, each.breaks_cache) for each in found]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (after(), []),
        (after(messages=[*FIRST["messages"], {"role": "assistant"}]), [("added", "/messages/1", False)]),
        (after(messages=[{"role": "user", "content": "ho"}]), [("rewritten", "/messages/0/content", True)]),
        (after(messages=[]), [("removed", "/messages/0", True)]),
        (after(system="be long"), [("rewritten", "/system", True)]),
        (after(tools=[]), [("added", "/tools", True)]),
        (after(model="n"), [("rewritten", "/model", True)]),
        (after(max_tokens=5), [("added", "/max_tokens", False)]),
        (after(messages=[{"role": "user", "content": [{"text": "hi"}]}]), [("rewritten", "/messages/0/content", True)]),
        (
            after(messages=[{"role": "user", "content": "hi", "cache_control": {"type": "ephemeral"}}]),
            [("marker", "/messages/0/cache_control", False)],
        ),
        ({"messages": FIRST["messages"], "model": "m"}, [("removed", "/system", True)]),
    ],
)
def test_changes_by_path_and_what_they_do_to_a_prompt_cache(new, expected):
    assert kinds(changes(FIRST, new)) == expected


def test_a_part_added_within_an_earlier_message_breaks_the_cache():
    old = {"messages": [{"content": [1]}, {"content": [2]}]}
    new = {"messages": [{"content": [1, 9]}, {"content": [2]}]}
    assert kinds(changes(old, new)) == [("added", "/messages/0/content/1", True)]


def test_keys_are_written_as_json_pointers():
    assert changes({"a/b": {"~": 1}}, {"a/b": {"~": 2}})[0].path == "/a~1b/~0"


def test_truth_is_not_one_and_an_order_of_keys_is_no_change():
    assert kinds(changes({"stream": True}, {"stream": 1})) == [("rewritten", "/stream", False)]
    assert kinds(changes({"a": [{"b": True}]}, {"a": [{"b": 1}]})) == [("rewritten", "/a/0/b", False)]
    assert changes({"a": 1, "b": 2}, {"b": 2, "a": 1}) == []


def test_bounded_in_number_and_depth():
    assert len(changes(list(range(5000)), list(range(1, 5001)))) == MAX_CHANGES
    deep, other = 1, 2
    for _ in range(200):
        deep, other = [deep], [other]
    assert len(changes(deep, other)) == 1
