"""An answer's body that another one takes the place of."""


class Replaced:
    """A Transform that lets nothing of the body through and gives `body` instead, as soon as there is a body to replace."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def feed(self, data: bytes) -> list[bytes]:
        return self.close() if data else []

    def close(self) -> list[bytes]:
        body, self._body = self._body, b""
        return [body] if body else []
