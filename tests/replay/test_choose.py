import pytest
from support.asks import ask, capture, conversation

from amp_addons.replay.captured import Damage
from amp_addons.replay.choose import NoSuchRequest, choose


@pytest.fixture
def recorded(tmp_path):
    return str(capture(tmp_path / "a.flows", ask(conversation("hi"), 1), ask(conversation("ho"), 2)))


@pytest.mark.parametrize(
    ("words", "default", "found"),
    [
        (":1", True, "flow-1"),
        (":flow-2", True, "flow-2"),
        ("FILE:2", False, "flow-2"),
        ("FILE", False, "flow-2"),
        ("FILE:flow-1", False, "flow-1"),
    ],
)
def test_a_request_by_number_or_id_of_one_file_or_the_other(recorded, words, default, found):
    assert choose(words.replace("FILE", recorded), recorded if default else None, 2).id == found


def test_what_is_not_there_is_named(recorded):
    with pytest.raises(NoSuchRequest, match="has 2 HTTP flows, expected 7 to be a number from 1 to that"):
        choose(f"{recorded}:7", None, 1)
    with pytest.raises(FileNotFoundError):
        choose("nowhere.flows", None, 1)


def test_damage_before_it_is_told(recorded, tmp_path):
    (tmp_path / "b.flows").write_bytes(b"no capture")
    with pytest.raises(Damage):
        choose(str(tmp_path / "b.flows"), None, 1)


def test_a_request_of_http2_has_its_host_as_it_had_on_its_way(tmp_path):
    flow = ask(conversation("hi"), 1)
    flow.request.authority = "ampcode.com"
    flow.request.headers.pop("host", None)
    assert choose(str(capture(tmp_path / "h2.flows", flow)), None, 1).exchange().header("host") == ["ampcode.com"]
