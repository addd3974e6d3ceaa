"""JSON bodies in every spelling that a client may choose, bytes that are nearly JSON, and bytes made to be slow."""

import json

from hypothesis import strategies as st

_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
keys = st.sampled_from(["a", "b", "model", "", "-", "*", "0", "a/b", "m~n", "é", '"', "\\"]) | st.text(max_size=5).filter(
    lambda key: key == key.casefold()  # one in other letters beside it is another matter
)
values = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20)


def _spell(value, indent, ascii_only, separators, padding):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=separators)
    return value, f"{padding}{text}{padding}".encode()


bodies = st.builds(
    _spell,
    values,
    st.sampled_from([None, 0, 2, "\t"]),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\r\n", ":\t")]),
    st.sampled_from(["", " ", "\r\n"]),
)
"""Pairs: a value, and its bytes."""

broken = st.text(alphabet='[]{}",:\\ 1au', max_size=60).map(str.encode)

_N = 200_000
SLOW = {
    "quotes": b'"' * _N,
    "escaped quotes without end": b'{"a":"' + b'\\"' * _N,
    "arrays that never end": b"[" * _N,
    "objects that never end": b'{"a":' * _N,
    "strings after arrays": b'["' * _N,
    "backslashes": b'"' + b"\\" * _N,
    "white space": b"[1" + b" " * _N,
    "commas": b"," * _N,
    "keys without values": b'{"a":' + b'"a":' * _N,
    "deep ones side by side": b"[" + b",".join([b"[" * 100 + b"]" * 100] * (_N // 200)) + b"]",
    "no bracket after the last": b'{"a":[' + b'"a",' * _N,
}
"""Each would take minutes if the time went with the square of the length."""
