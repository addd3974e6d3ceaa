"""The one thread that writes to the terminal. Everybody else puts items into its bounded backlog and goes on.

A terminal that does not read (Ctrl-S, a full pipe) stops this thread and nothing else: the backlog keeps the newest items,
counts the ones that it gave up, and says so where they are missing.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from amp_addons.render.screen import Screen, frame
from amp_addons.render.units import counted

MAX_WAITING = 4_000_000
"""Bytes that may wait to be shown, by estimate: 2,000 flows, which is three seconds of 660 a second."""

WEIGHT = 2_000
"""Bytes that an item weighs which is no text: the events of a flow with a URL of the usual length."""

PAUSE = 0.2
"""Seconds between frames: five a second look alive and cost little."""

BATCH = 200
"""Lines written together: about a millisecond in which nobody else has the interpreter."""

GRACE = 1.0
"""Seconds that the end waits for a terminal that takes nothing."""


class Backlog[T]:
    """A bounded queue that gives up its oldest items and counts them. Safe between threads; nobody ever waits long."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._items: deque[tuple[int, T]] = deque()
        self._weight = 0
        self._missing = 0
        self.dropped = 0

    def put(self, item: T, weight: int) -> None:
        with self._lock:
            self._items.append((weight, item))
            self._weight += weight
            while self._weight > self._limit and len(self._items) > 1:
                self._weight -= self._items.popleft()[0]
                self._missing += 1
                self.dropped += 1

    def take(self) -> tuple[int, Sequence[T]]:
        """How many items are missing, and all that waits after them."""
        with self._lock:
            items, self._items = self._items, deque()
            missing, self._missing, self._weight = self._missing, 0, 0
        return missing, [item for _, item in items]


class Painter[T]:
    """Shows items as lines, and below them the region, as long as it is not stopped.

    Args:
        show: makes an item's line.
        region: makes the rows that stay at the bottom; none of them where the output is no live terminal.
        failed: called in the thread, once, with what ended it.
    """

    def __init__(
        self, screen: Screen, show: Callable[[T], str], region: Callable[[], Sequence[str]], failed: Callable[[Exception], None]
    ) -> None:
        self._screen = screen
        self._show = show
        self._region = region
        self._failed = failed
        self._shown: Sequence[str] = ()
        self._backlog = Backlog[T | str]()
        self._stop = threading.Event()
        self._dead = False
        self._thread = threading.Thread(target=self._work, name="amp_addons display", daemon=True)

    @property
    def dropped(self) -> int:
        """Items that were not shown."""
        return self._backlog.dropped

    def put(self, item: T | str) -> None:
        """Have an item shown soon; a text (without its last line end) is shown as it is. Never waits."""
        if not self._dead:
            self._backlog.put(item, len(item) if isinstance(item, str) else WEIGHT)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """Show what waits, take the region away and end. False when the terminal takes nothing: then the thread is left behind."""
        self._stop.set()
        while self._thread.is_alive():
            before = self._screen.written
            self._thread.join(GRACE)
            if self._thread.is_alive() and self._screen.written == before:
                self._give_up()
                return False
        return True

    def _work(self) -> None:
        try:
            while not self._stop.wait(PAUSE):
                self._paint(self._region())
            self._paint(())
        except Exception as error:
            self._give_up()
            self._failed(error)

    def _give_up(self) -> None:
        self._dead = True
        self._backlog.take()

    def _paint(self, region: Sequence[str]) -> None:
        missing, items = self._backlog.take()
        if missing:
            self._draw([f"… {counted(missing, 'line')} not shown: the terminal did not keep up"], region)
        for start in range(0, len(items), BATCH):
            self._draw([item if isinstance(item, str) else self._show(item) for item in items[start : start + BATCH]], region)
        if region != self._shown:
            self._draw((), region)

    def _draw(self, lines: Sequence[str], region: Sequence[str]) -> None:
        self._screen.write(frame(lines, region, drawn=bool(self._shown)))
        self._shown = region
