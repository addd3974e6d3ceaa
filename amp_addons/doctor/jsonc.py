"""JSON as editors write it: with comments and commas before a closing bracket."""

import re
from typing import Any

import msgspec

# A string is taken as a whole, so that nothing in it is taken for a comment; one that does not end, to the end, so that this is linear.
_PART = re.compile(
    r"""(?xs) "(?:[^"\\]|\\.)*(?:"|\Z)             # a string
    | //[^\n]* | /\*(?:.*?\*/|.*)                   # a comment
    | ,(?=(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*[}\]])  # a comma before what closes
    """
)


def read(text: str) -> Any:
    """The value. Raises ValueError (msgspec.DecodeError)."""
    return msgspec.json.decode(_PART.sub(lambda found: found[0] if found[0].startswith('"') else " ", text.removeprefix("\ufeff")))
