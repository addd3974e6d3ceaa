"""A body's content coding undone before a transform sees it."""

from amp_addons.core.answers.transform import Transform
from amp_addons.core.encoding import ContentDecoder


class Decoded:
    """A Transform that takes the body as it was sent, in its Content-Encoding, and gives decoded pieces.

    `failed` is None, or a sentence that holds nothing of the flow: the coding is not known, the body is damaged, goes past a bound of
    `ContentDecoder`, or was cut off. From then on nothing more comes out, so that whoever asked for the transform can cut the stream.
    """

    def __init__(self, content_encoding: str | None, inner: Transform) -> None:
        self._content = ContentDecoder(content_encoding)
        self._inner = inner
        self.failed = self._content.error

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return what may go on; on a failure, what came before it."""
        if self.failed is not None:
            return []
        pieces = self._inner.feed(self._content.feed(data))
        self.failed = self._content.error
        return pieces

    def close(self) -> list[bytes]:
        """End the body, return what was held back. A body that was cut off sets `failed`."""
        if self.failed is not None:
            return []
        self._content.close()
        self.failed = self._content.error
        return self._inner.close()
