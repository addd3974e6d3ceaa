"""What a value refuses about its own fields, so that whoever read it from a file can say where they stand.

A check of one field is a function in the field's type, `Annotated[str, msgspec.Meta(extra={"check": function})]`: it raises ValueError
with a message that completes "expected …". A check of several fields belongs in `__post_init__` and raises FieldError.
"""


class FieldError(ValueError):
    """A field does not go with the others. `key` is the field, `found` and `expected` complete the sentence."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected
