from amp_addons.core.text import did_you_mean


def test_near_name_is_suggested():
    assert did_you_mean("amp_event", ["amp_events", "amp_url"]) == " Did you mean 'amp_events'?"


def test_nothing_near_suggests_nothing():
    assert did_you_mean("zzz", ["amp_events", "amp_url"]) == ""
