"""Looking never gets in the way: a hook that only looks and fails is left behind, and the next addon's hook runs.

mitmproxy calls all addons of all scripts in one go and gives up on the rest when one raises: without this, a fault in looking
would keep the tee from streaming, and other people's scripts from running.
"""

import logging
from collections.abc import Callable
from functools import wraps

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
