"""A transform that an answer may not pass without: when it fails, the rest is withheld and the client is told (DESIGN promise 4)."""

from collections.abc import Callable
from itertools import chain

from amp_addons.core.answers.refusal import error_body, error_event
from amp_addons.core.answers.unencoded import Decoded
from amp_addons.core.codings import STEP


class Guarded:
    """Ends an answer with an error in the format of its API once its transform has failed, and lets nothing more through."""

    def __init__(self, transform: Decoded, api: str | None, *, stream: bool) -> None:
        self._transform = transform
        self._tell = error_event if stream else error_body
        self.api = api
        self.failed: str | None = None

    @property
    def told(self) -> str:
        """What the client is told of the failure."""
        return f"The local proxy had to cut this answer off: {self.failed}."

    def feed(self, data: bytes) -> list[bytes]:
        return [] if self.failed else self._checked(lambda: self._transform.feed(data))

    def close(self) -> list[bytes]:
        return [] if self.failed else self._checked(self._transform.close)

    def whole(self, body: bytes) -> bytes | None:
        """What becomes of a body that is there as a whole, in its coding; None once it has failed."""
        fed = chain.from_iterable(self.feed(body[at : at + STEP]) for at in range(0, len(body), STEP))  # a piece's decoding is bounded
        new = b"".join([*fed, *self.close()])
        return None if self.failed else new

    def _checked(self, step: Callable[[], list[bytes]]) -> list[bytes]:
        try:
            pieces = step()
            self.failed = self._transform.failed
        except Exception as error:
            pieces, self.failed = [], f"the change of the answer failed with {type(error).__name__}"
        if self.failed:
            pieces = [*pieces, self._tell(self.api, self.told, status=502)]
        return pieces
