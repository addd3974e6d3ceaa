"""What may change an answer on its way to the client."""

from typing import Protocol


class Transform(Protocol):
    """Takes the decoded bytes of a body, cut anywhere, and returns the pieces to send, none of them empty.

    It never raises. What it holds back is bounded, and never more of an event stream than the unfinished event: events go on as soon as
    they are complete. However a body is cut, the pieces joined are the same.
    """

    def feed(self, data: bytes) -> list[bytes]: ...

    def close(self) -> list[bytes]:
        """End the body. -> what was held back"""
        ...
