import asyncio
import threading

import pytest

from amp_addons.inthread import in_thread


async def test_in_thread():
    assert await in_thread(lambda a, b: a + b, 1, 2) == 3
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_a_thread_that_hangs_is_left_behind():
    go_on = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_thread(go_on.wait, 10)
    go_on.set()
