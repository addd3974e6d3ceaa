import pytest

from amp_addons.core.telling import TellingReader, said


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('{"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}', "Hi"),
        ('{"choices":[{"delta":{"content":"Hi"}}]}', "Hi"),
        ('{"type":"response.output_text.delta","delta":"Hi"}', "Hi"),
        ('{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}', "Hi"),
        ('{"error":{"message":"Hi"}}', "Hi"),
        ("[DONE]", None),
        ('{"usage":{}}', None),
        ("{", None),
    ],
)
def test_text_is_found_wherever_an_api_has_it(data, text):
    assert said(data) == text


def test_reader_gives_each_event_with_its_data_however_many_come_at_once():
    reader = TellingReader("future-api")
    body = b"".join(b'data: {"type":"a","n":%d}\n\n' % number for number in range(100))
    found = list(reader.pairs(body))
    assert [event.seq for event, _ in found] == list(range(100)) and found[7][1] == '{"type":"a","n":7}'


def test_what_is_skimmed_is_counted_and_not_kept():
    """Also when it comes in a long run; what is read after it has its own data."""
    reader = TellingReader("anthropic-messages")
    piece = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n'
    list(reader.pairs(piece))
    assert reader.skim(piece * 5000) == 5000
    assert sum(reader.skim(piece + b"data: {}\n\n") for _ in range(10)) == 20 and len(reader._data) <= 1
    [(event, data)] = reader.pairs(piece.replace(b'"a"', b'"b"'))
    assert event.seq == 5021 and '"b"' in data and reader.summary().text == "a" * 5011 + "b"
