from typing import Any

from amp_addons.admin.egress import Place
from amp_addons.admin.reverse import Listener, notes, targets

LISTENER = Listener(Place("127.0.0.1", 8081), "/ca.pem")


def test_every_host_under_its_names_and_amp_urls_under_the_listeners(gather: Any) -> None:
    found = targets(gather(), LISTENER)
    assert found[0].headers == ("ampcode.com", "ampcode.com:443", "127.0.0.1:8081", "localhost:8081")
    assert found[2].headers == ("openrouter.ai", "openrouter.ai:443")


def test_no_header_leads_to_two_hosts(gather: Any) -> None:
    rows = 'endpoints: [{id: x, category: other, method: GET, path: /x, host: "amp.example:80"}]\n'
    found = targets(gather("https://amp.example", rows), LISTENER)
    headers = [header for target in found for header in target.headers]
    assert len(headers) == len(set(headers))
    assert found[0].headers[:2] == ("amp.example", "amp.example:443")
    assert found[-1].headers == ("amp.example:80",)


def test_an_amp_url_at_the_listeners_own_place_keeps_it(gather: Any) -> None:
    assert targets(gather("http://127.0.0.1:8081"), LISTENER)[0].headers == ("127.0.0.1:8081", "localhost:8081")


def test_the_notes_name_the_amp_url_with_its_path(gather: Any) -> None:
    assert "AMP_URL=http://127.0.0.1:8081/base," in " ".join(notes(gather("https://amp.example/base"), LISTENER))
    assert "AMP_URL=http://127.0.0.1:8081," in " ".join(notes(gather(), LISTENER))
