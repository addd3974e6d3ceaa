import asyncio

from amp_addons.addons import pump
from amp_addons.addons.pump import Pump


async def test_work_is_done_later_in_order():
    done, over = [], asyncio.Event()
    found = Pump()
    for number in range(3):
        found.add(lambda number=number: done.append(number))
    found.add(over.set)
    assert done == []
    await asyncio.wait_for(over.wait(), 5)
    assert done == [0, 1, 2]


async def test_hastened_work_is_done_in_the_next_turn(monkeypatch):
    monkeypatch.setattr(pump, "DELAY", 3600)
    over = asyncio.Event()
    found = Pump()
    found.add(over.set)
    found.hasten()
    await asyncio.wait_for(over.wait(), 5)


async def test_work_that_fails_does_not_keep_the_rest_from_being_done(caplog):
    done = []
    found = Pump()
    found.add(lambda: 1 / 0)
    found.add(lambda: done.append(1))
    found.run()
    assert done == [1] and "ZeroDivisionError" in caplog.text


async def test_work_added_by_work_is_done_too():
    over = asyncio.Event()
    found = Pump()
    found.add(lambda: found.add(over.set))
    await asyncio.wait_for(over.wait(), 5)
