from time import process_time

import pytest

from amp_addons.doctor.jsonc import read


@pytest.mark.parametrize(
    "text, value",
    [
        ('{"a": 1}', {"a": 1}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('// first\n{"a": 1, // one\n/* two, */ "b": [1, 2,],\n}', {"a": 1, "b": [1, 2]}),
        ('{"a": "http://x/*no*/", "b": "\\",}", }', {"a": "http://x/*no*/", "b": '",}'}),
        ('{"a": [1, /* x */ // y\n ]}', {"a": [1]}),
        ('{"a": [1, /* *, */ 2]}', {"a": [1, 2]}),
    ],
)
def test_values(text, value):
    assert read(text) == value


@pytest.mark.parametrize("text", ["", "{", '{"a": 1,, }', '{"a" /* open : 1}', "nul"])
def test_what_is_none(text):
    with pytest.raises(ValueError):
        read(text)


@pytest.mark.parametrize("text", ["/*" * 200_000, '{"a": "' + "\\" * 400_001, "," * 300_000, ", /* , " * 100_000, '"a' * 200_001])
def test_any_text_is_read_in_one_go(text):
    began = process_time()
    with pytest.raises(ValueError):
        read(text)
    assert process_time() - began < 2
