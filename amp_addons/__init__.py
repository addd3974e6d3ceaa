"""mitmproxy addons that show, route and protect the traffic of the Amp CLI.

The names below are the public Python API. They are imported on first use, so that importing the package costs nothing
that the caller does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amp_addons.core.exchange import Exchange
    from amp_addons.core.reader import StreamReader
    from amp_addons.core.reading import Summary
    from amp_addons.core.rules.decision import Decision
    from amp_addons.core.sse import ServerSentEvent, SSEDecoder
    from amp_addons.rulefiles.catalog import Catalog, Classification, classify
    from amp_addons.rulefiles.detectors import Masked, Redactor
    from amp_addons.rulefiles.rules import RuleSet

__all__ = [
    "Catalog",
    "Classification",
    "Decision",
    "Exchange",
    "Masked",
    "Redactor",
    "RuleSet",
    "SSEDecoder",
    "ServerSentEvent",
    "StreamReader",
    "Summary",
    "classify",
]

__version__ = "0.1.0"

_HOME = {
    "Catalog": "amp_addons.rulefiles.catalog",
    "Classification": "amp_addons.rulefiles.catalog",
    "Decision": "amp_addons.core.rules.decision",
    "Exchange": "amp_addons.core.exchange",
    "Masked": "amp_addons.rulefiles.detectors",
    "Redactor": "amp_addons.rulefiles.detectors",
    "RuleSet": "amp_addons.rulefiles.rules",
    "SSEDecoder": "amp_addons.core.sse",
    "ServerSentEvent": "amp_addons.core.sse",
    "StreamReader": "amp_addons.core.reader",
    "Summary": "amp_addons.core.reading",
    "classify": "amp_addons.rulefiles.catalog",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
