"""Looking never gets in the way: a hook that only looks and fails is left behind, and the next addon's hook runs.

mitmproxy calls all addons of all scripts in one go and gives up on the rest when one raises: without this, a fault in looking
would keep the tee from streaming, and other people's scripts from running.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Protocol

from mitmproxy import http

logger = logging.getLogger(__name__)

_said: set[str] = set()


def looking[**P](hook: Callable[P, None]) -> Callable[P, None]:
    """A hook that fails open: what it raises is logged, once for each hook and kind of exception, without its text."""

    @wraps(hook)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            hook(*args, **kwargs)
        except Exception as error:
            sentence = f"{hook.__qualname__} failed with {type(error).__name__}; the traffic goes on"
            if sentence not in _said:
                _said.add(sentence)
                logger.warning("amp_addons: %s.", sentence)

    return guarded


class Enforcer(Protocol):
    """An addon that enforces: `failed` is told of the flow that was refused because a hook of its failed."""

    def failed(self, flow: http.HTTPFlow, error: Exception) -> None: ...


type Hook[A: Enforcer] = Callable[[A, http.HTTPFlow], Awaitable[None] | None]


def enforcing[A: Enforcer](hook: Hook[A]) -> Hook[A]:
    """A hook of a request that fails closed: when it fails, the client gets an error and nothing goes upstream (DESIGN promise 4)."""

    @wraps(hook)
    def guarded(self: A, flow: http.HTTPFlow) -> Awaitable[None] | None:
        try:
            pending = hook(self, flow)
        except Exception as error:
            _close(self, flow, error)
            return None
        return None if pending is None else _wait(pending, self, flow)

    return guarded


async def _wait(pending: Awaitable[None], addon: Enforcer, flow: http.HTTPFlow) -> None:
    try:
        await pending
    except Exception as error:
        _close(addon, flow, error)


def _close(addon: Enforcer, flow: http.HTTPFlow, error: Exception) -> None:
    logger.error("amp_addons: a request could not be handled by the rules (%s) and was refused.", type(error).__name__)
    body = b'{"error":{"type":"proxy_error","message":"The local proxy could not apply its rules to this request; nothing was sent."}}'
    flow.response = http.Response.make(500, body, {"content-type": "application/json", "x-should-retry": "false"})
    addon.failed(flow, error)
