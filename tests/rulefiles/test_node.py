from amp_addons.rulefiles.node import Leaf, Mapping, Node, Sequence, plain


def test_plain_leaves_the_places_out() -> None:
    leaf: Node = Leaf(1, 1, 5)
    assert plain(Mapping(1, 1, {"a": Sequence(1, 1, [leaf, Leaf(1, 2, None)]), "b": leaf})) == {"a": [5, None], "b": 5}
