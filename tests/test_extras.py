from amp_addons.extras import lacking


def test_what_is_not_installed_is_said_with_the_way_to_it():
    assert lacking("cluster", "json", "no_such_module") == (
        "found no no_such_module, expected the extra 'cluster': pip install 'amp-addons[cluster]'"
    )


def test_nothing_is_said_where_all_is_there():
    assert lacking("cluster", "json", "email") is None
