"""That a rule matched, as events, display and reports tell it."""

from typing import Literal

import msgspec


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that matched: what it did, or with mode `observe` would have done. `unreadable` is why it could not be decided."""

    rule: str
    mode: Literal["enforce", "observe"]
    action: str
    detail: str | None = None
    unreadable: str | None = None
