"""Turns: the same for the same seed, and hard on those who read them."""

from amp_addons.sim.turn import compose, invent


def test_same_seed_same_turn():
    assert invent(model="m", seed=3, events=50, thinking=True, tools=["a"]) == invent(
        model="m", seed=3, events=50, thinking=True, tools=["a"]
    )


def test_other_seed_other_turn():
    one, other = (invent(model="m", seed=seed, events=5, tools=["a"]) for seed in (1, 2))
    assert one.text != other.text
    assert one.tools != other.tools
    assert one.token("message") != other.token("message")


def test_as_many_pieces_of_about_the_size_asked_for():
    turn = invent(model="m", events=1000, size=300)
    assert len(turn.text) == 1000
    assert all(300 <= len(piece.encode()) < 330 for piece in turn.text)


def test_text_is_not_ascii_alone():
    text = "".join(invent(model="m", events=100).text)
    assert max(map(ord, text)) > 0xFFFF
    assert "[DONE]" in text


def test_given_content_is_kept_and_cut_into_pieces():
    turn = compose(model="m", text="größer " * 20, thinking="Hm", tools=[("grep", {"pattern": "x" * 50})], piece=10)
    assert "".join(turn.text) == "größer " * 20
    assert max(map(len, turn.text)) == 10
    assert "".join(turn.tools[0].pieces) == turn.tools[0].json
    assert len(turn.tools[0].pieces) > 1


def test_deltas_count_all_pieces():
    turn = compose(model="m", text="abc", thinking="de", tools=[("grep", {})], piece=1)
    assert turn.deltas == 3 + 2 + 1
