import logging
import threading
import time
from itertools import pairwise

import pytest
from support.proxy import until

from amp_addons.backlog import Backlog


class Worker:
    """Takes what a backlog hands over; waits at the gate while that is closed."""

    def __init__(self):
        self.batches = []
        self.began = []
        self.told = []
        self.gate = threading.Event()
        self.gate.set()

    def work(self, items):
        self.began.append(time.perf_counter())
        assert self.gate.wait(10)
        self.batches.append(list(items))

    @property
    def items(self):
        return [item for batch in self.batches for item in batch]

    def backlog(self, **changes):
        return Backlog(
            changes.pop("work", self.work), self.told.append, **{"name": "a test", "limit": 100, "batch": 10, "pause": 0.0, **changes}
        )


@pytest.fixture
def worker():
    return Worker()


def test_all_is_worked_off_in_order_by_close(worker):
    backlog = worker.backlog(limit=5000)
    for number in range(5000):
        backlog.put([number])
    assert backlog.close()
    assert worker.items == list(range(5000))
    assert (backlog.dropped, worker.told) == (0, [])


def test_nothing_waits_for_close(worker):
    backlog = worker.backlog()
    backlog.put(["now"])
    until(lambda: worker.items == ["now"])
    backlog.close()


def test_batch_is_bounded_and_what_was_put_together_stays_together(worker):
    worker.gate.clear()
    backlog = worker.backlog()
    backlog.put([0])
    until(lambda: worker.began)
    for number in range(1, 8):
        backlog.put([number] * 4)
    worker.gate.set()
    backlog.close()
    assert [len(batch) for batch in worker.batches] == [1, 12, 12, 4]


def test_batch_of_one_hands_over_one_at_a_time(worker):
    backlog = worker.backlog(batch=1)
    for number in range(20):
        backlog.put([number])
    backlog.close()
    assert worker.batches == [[n] for n in range(20)]


def test_too_much_weight_is_dropped_counted_and_told_once(worker):
    """What is being worked on still weighs: it is in memory."""
    worker.gate.clear()
    backlog = worker.backlog()
    backlog.put(["first"], 60)
    until(lambda: worker.began)
    backlog.put(["fits"], 40)
    backlog.put(["heavy", "heavy"], 1)
    assert backlog.dropped == 2
    worker.gate.set()
    until(lambda: worker.told)
    backlog.put(["room again"], 100)
    assert backlog.close()
    assert worker.items == ["first", "fits", "room again"]
    assert (backlog.dropped, worker.told) == (2, [2])


def test_items_weigh_one_each_unless_told(worker):
    worker.gate.clear()
    backlog = worker.backlog()
    backlog.put(range(100))
    backlog.put(["one too many"])
    assert backlog.dropped == 1
    worker.gate.set()
    backlog.close()


def test_put_never_waits_for_the_work(worker):
    worker.gate.clear()
    backlog = worker.backlog()
    start = time.perf_counter()
    for _ in range(10_000):
        backlog.put([0])
    assert time.perf_counter() - start < 1
    assert backlog.dropped == 9900
    worker.gate.set()
    backlog.close()


def test_what_gathers_during_the_pause_is_one_batch(worker):
    backlog = worker.backlog(batch=100, pause=0.2)
    for number in range(5):
        backlog.put([number])
    until(lambda: worker.batches)
    assert worker.batches == [[0, 1, 2, 3, 4]]
    backlog.close()


def test_thread_wakes_once_a_pause(worker):
    backlog = worker.backlog(pause=0.1)
    for number in range(3):
        backlog.put([number])
        until(lambda number=number: len(worker.batches) > number)
    backlog.close()
    assert all(after - before >= 0.09 for before, after in pairwise(worker.began))


def test_close_does_not_wait_for_the_pause(worker):
    backlog = worker.backlog(pause=30)
    backlog.put(["last"])
    assert backlog.close(timeout=5)
    assert worker.items == ["last"]


def test_close_gives_up_and_counts_what_it_gave_up(worker):
    worker.gate.clear()
    backlog = worker.backlog(batch=1)
    backlog.put(["held", "held"])
    until(lambda: worker.began)
    backlog.put(["waits"])
    assert not backlog.close(timeout=0.1)
    assert backlog.dropped == 3
    worker.gate.set()


def test_put_after_close_is_dropped(worker):
    backlog = worker.backlog()
    backlog.close()
    backlog.put(["late"])
    assert backlog.dropped == 1


def test_work_tells_what_it_lost(worker):
    backlog = worker.backlog(work=lambda items: len(items) - 1)
    backlog.put([1, 2, 3])
    until(lambda: worker.told == [2])
    backlog.close()
    assert backlog.dropped == 2


def test_report_that_is_not_to_be_said_now_is_asked_again():
    said = []
    ready = threading.Event()

    def report(dropped):
        if ready.is_set():
            said.append(dropped)
        return ready.is_set()

    worked = []
    backlog = Backlog(worked.append, report, name="a test", limit=2, batch=10, pause=0.0)
    backlog.put([0] * 3)
    backlog.put([0])
    until(lambda: worked)
    ready.set()
    backlog.put([0])
    until(lambda: said == [3])
    backlog.close()


def test_work_that_fails_loses_its_batch_and_is_told_once(worker, caplog):
    def work(items):
        if items[0] == "bad":
            raise ValueError("with a secret")
        worker.work(items)

    backlog = worker.backlog(work=work, batch=1)
    for item in ("bad", "good", "bad", "good"):
        backlog.put([item])
    with caplog.at_level(logging.ERROR):
        assert backlog.close()
    assert worker.items == ["good", "good"]
    assert backlog.dropped == 2
    assert [record.getMessage() for record in caplog.records] == ["amp_addons: a test failed with ValueError; 1 items are lost."]


def test_finish_is_the_last_thing_and_the_thread_ends(worker):
    backlog = worker.backlog(name="amp_addons ends", finish=lambda: worker.batches.append("finish"))
    backlog.put([1])
    assert backlog.close()
    assert worker.batches == [[1], "finish"]
    assert not [thread for thread in threading.enumerate() if thread.name == "amp_addons ends"]
