from amp_addons.addons.guard import looking


class Addon:
    @looking
    def request(self, flow):
        if flow:
            raise KeyError("something secret")


def test_hook_that_fails_is_said_once_without_the_text(caplog):
    Addon().request(True)
    Addon().request(True)
    assert caplog.text.count("Addon.request failed with KeyError; the traffic goes on") == 1
    assert "secret" not in caplog.text


def test_hook_keeps_its_name():
    assert Addon.request.__name__ == "request"
