"""One text of an answer while it comes in pieces."""

from typing import Any

from amp_addons.core.answers.arguments import Arguments
from amp_addons.core.answers.filter import Filters, Kind, TextFilter


class Channel:
    """Joins the halves of surrogate pairs that came in two pieces, and gives whole characters to the filter.

    `about` is what an extra event of the channel is to repeat. `is_broken` says that it should be JSON and is none.
    """

    __slots__ = ("_filter", "_half", "_json", "about", "is_broken")

    def __init__(self, filter: TextFilter, about: dict[str, Any]) -> None:
        self.about = about
        self.is_broken = False
        self._json = filter if isinstance(filter, Arguments) else None
        self._filter = filter
        self._half = ""

    def feed(self, text: str) -> str:
        if self._half or "\ud800" <= text[-1:] <= "\udbff":
            text = self._paired(text)
        new = self._filter.feed(text)
        if self._json is not None:
            self.is_broken = self._json.broken
        return new

    def flush(self) -> str:
        half, self._half = self._half, ""
        return (self._filter.feed(half) if half else "") + self._filter.flush()

    def _paired(self, text: str) -> str:
        # Two halves that follow each other become one character only by way of UTF-16.
        text = (self._half + text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return text.removesuffix(self._half)


def filter_of(filters: Filters, kind: Kind, *, json: bool) -> TextFilter | None:
    """The filter of a channel or of a whole text: of the string values in it where it is JSON."""
    if (filter := filters(kind)) is None or not json:
        return filter

    def begin() -> TextFilter:
        return filters(kind) or filter

    return Arguments(begin)
