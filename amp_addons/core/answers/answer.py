"""An answer that the proxy gives itself."""

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. The length of the body and how it is framed are for whoever sends it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
