"""What was made of a request that is under way, for whoever handles its answer, and an answer that is held."""

from dataclasses import dataclass
from typing import NamedTuple

from amp_addons.addons.timeouts import Watchdog
from amp_addons.core.answers.guarded import Guarded
from amp_addons.core.exchange import Exchange
from amp_addons.core.redact.action import Redaction
from amp_addons.core.rules.outgoing import Outgoing


@dataclass
class Held:
    """An answer that is held: what changes it, and its body as it came, once it is whole."""

    guarded: Guarded
    body: bytes = b""


class Sent(NamedTuple):
    """`exchange` is the request as the client sent it, `out` as it went on. `redactions` hold for the answer too."""

    out: Outgoing
    exchange: Exchange
    watchdog: Watchdog | None
    redactions: tuple[Redaction, ...] = ()

    @property
    def api(self) -> str | None:
        return self.exchange.classification.api if self.exchange.classification else None
