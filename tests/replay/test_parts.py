import pytest
from support.captures import stream_flow, written

from amp_addons.replay import parts
from amp_addons.replay.captured import Damage
from amp_addons.replay.parts import Part, flows_in, parts_of

FLOWS = [written(stream_flow(number)) for number in range(7)]
DATA = b"".join(FLOWS)


@pytest.fixture
def capture(tmp_path):
    (tmp_path / "f").write_bytes(DATA)
    return str(tmp_path / "f")


SHORTEST = min(map(len, FLOWS))


@pytest.mark.parametrize(
    ("size", "count"), [(1, 7), (SHORTEST, 7), (2 * SHORTEST, 4), (10**9, 1)], ids=["one byte", "a flow", "two flows", "all"]
)
def test_parts_are_whole_flows_and_together_the_file(size, count, capture, monkeypatch):
    monkeypatch.setattr(parts, "PART", size)
    found = list(parts_of(capture))
    assert [part.start for part in found] == [0, *(part.stop for part in found)][:-1] and found[-1].stop == len(DATA)
    assert sum(part.size for part in found) == len(DATA)
    assert [flow.id for part in found for flow in flows_in(part)] == [f"flow-{number}" for number in range(7)]
    assert len(found) == count


def test_damage_is_in_the_last_part_and_named_by_its_place_in_the_file(capture, monkeypatch):
    monkeypatch.setattr(parts, "PART", 1)
    with open(capture, "ab") as stream:
        stream.write(b"12:half")
    *good, last = parts_of(capture)
    assert len(good) == 7 and [flow.id for part in good for flow in flows_in(part)] == [f"flow-{number}" for number in range(7)]
    with pytest.raises(Damage) as found:
        list(flows_in(last))
    assert found.value.at == len(DATA)


def test_damage_inside_a_flow_is_named_by_its_place_in_the_file(capture, monkeypatch):
    monkeypatch.setattr(parts, "PART", 1)
    place = sum(map(len, FLOWS[:3]))
    with open(capture, "r+b") as stream:
        stream.seek(place + FLOWS[3].index(b"7:version;2:21#") + 12)
        stream.write(b"!!")
    where = []
    for part in parts_of(capture):
        try:
            list(flows_in(part))
        except Damage as damage:
            where.append(damage.at)
    assert where == [place]


@pytest.mark.parametrize("data", [b"", b"{}", b"\x1f\x8b...", b"text"])
def test_what_cannot_be_split_is_one_part(data, tmp_path):
    (tmp_path / "f").write_bytes(data)
    assert list(parts_of(str(tmp_path / "f"))) == [Part(str(tmp_path / "f"))]
    assert Part("f").size == 0


def test_a_file_that_is_gone_is_left_to_whoever_reads_it(tmp_path):
    assert list(parts_of(str(tmp_path / "none"))) == [Part(str(tmp_path / "none"))]


def test_what_a_file_that_ends_early_still_had_is_not_read_twice(capture, monkeypatch):
    """It is read anew from where its parts so far end, by whoever finds out what is wrong."""
    monkeypatch.setattr(parts, "PART", 1)

    def failing(read, size):
        yield len(FLOWS[0])
        raise OSError("gone")

    monkeypatch.setattr(parts, "ends", failing)
    first = len(FLOWS[0])
    assert list(parts_of(capture)) == [Part(capture, 0, first), Part(capture, first, len(DATA))]
