"""Work that may wait for long, beside the event loop: in a thread that nobody has to wait for."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any


async def in_thread[T](function: Callable[..., T], *inputs: Any) -> T:
    """What a function that waits returns. Its thread is left behind when this is cancelled, and does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            set_it(value)

    def work() -> None:
        try:
            found = function(*inputs)
        except Exception as error:
            outcome: tuple[Callable[[Any], None], Any] = (future.set_exception, error)
        else:
            outcome = (future.set_result, found)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, daemon=True).start()
    return await future
