"""What may change the texts of an answer, channel by channel."""

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

type Kind = Literal["text", "thinking", "refusal", "tool"]
"""What a text is: said to the user, thought, a refusal, or given to a tool (its code and custom input too)."""


class TextFilter(Protocol):
    """Changes the text of one channel, which it sees from its begin to its end, cut anywhere but within a character.

    It holds back no more than a tail, and what comes out in all does not depend on the cuts. A text may hold half a surrogate pair
    where a model wrote half a character.
    """

    def feed(self, text: str) -> str:
        """Take the next text. -> what may go on now"""
        ...

    def flush(self) -> str:
        """End the channel. -> the rest"""
        ...


@runtime_checkable
class TakesWhole(Protocol):
    """A TextFilter that takes a text which is there as a whole at less than what its pieces cost. It must be new."""

    def feed_whole(self, text: str) -> str:
        """The same as `feed` and `flush`."""
        ...


type Filters = Callable[[Kind], TextFilter | None]
"""Makes the filter of a channel that begins. None: channels of this kind are not touched, whichever they are."""


def filtered(filter: TextFilter, text: str) -> str:
    """What becomes of a text that is there as a whole."""
    return filter.feed_whole(text) if isinstance(filter, TakesWhole) else filter.feed(text) + filter.flush()
