"""What the display shows just now: finished flows as lines, and the region below them on a live terminal."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from amp_addons.core.trace import FlowTrace
from amp_addons.render.active import rows, under_way
from amp_addons.render.banner import Listener, banner
from amp_addons.render.fit import clip
from amp_addons.render.line import Finished, FlowLines, Started
from amp_addons.render.palette import PLAIN, Palette
from amp_addons.render.screen import Screen
from amp_addons.render.tally import Tally
from amp_addons.render.units import counted, size

PLAIN_WIDTH = 120
"""Columns of the summary where the output is no terminal."""


class PlainView:
    """For what is no live terminal: lines as long as they are, and nothing below them."""

    shows_starts = True
    """Whether the start of a stream is a line of its own."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._palette = PLAIN
        self._width = PLAIN_WIDTH
        self._lines = FlowLines(PLAIN)

    def show(self, item: Finished | Started) -> str:
        return self._lines.finished(item) if isinstance(item, Finished) else self._lines.started(item)

    def region(self) -> Sequence[str]:
        return ()

    def banner(self, listeners: Iterable[Listener], ca_file: str, env: str | None = None) -> str:
        return "\n".join(banner(listeners, ca_file, self._palette, env))

    def summary(self, dropped: int) -> str:
        """What is said at the end, `dropped` lines having been lost."""
        # A table is the one thing that needs all of rich: 60 ms that nobody is to wait for at the start.
        from amp_addons.render.summary import summary

        return "\n".join(summary(self._tally, dropped=dropped, width=self._width, colours=bool(self._palette.off)))


class LiveView(PlainView):
    """For a terminal: lines cut to its width, the flows under way, and a foot with the sums."""

    shows_starts = False

    def __init__(
        self,
        screen: Screen,
        palette: Palette,
        tally: Tally,
        traces: Mapping[str, FlowTrace],
        clock: Callable[[], float] = time.time,
        notices: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(tally)
        self._screen = screen
        self._palette = palette
        self._traces = traces
        self._clock = clock
        self._notices = notices if notices is not None else {}
        self._width = 0
        self.region()

    def region(self) -> Sequence[str]:
        """The rows at the bottom: an empty one (for the cursor, and the prints of others), the flows under way, the foot."""
        width, height = self._screen.size()
        if width != self._width:
            self._width = width
            self._lines = FlowLines(self._palette, width)
        now = self._clock()
        active = under_way(list(self._traces.values()), now)
        room = max(0, min(height * 2 // 3, height - 4))
        wrong = [f"{self._palette.error}{clip(f'✗ {text}', width)}{self._palette.off}" for text in list(self._notices.values())]
        return ["", *rows(active, now, width, room, self._palette), *wrong, self._foot(len(active), width)]

    def _foot(self, active: int, width: int) -> str:
        tally = self._tally
        words = [f"{active:,} under way", counted(tally.flows, "flow"), size(tally.received)]
        if tally.errors:
            words.insert(2, counted(tally.errors, "error"))
        return f"{self._palette.dim}{clip(' · '.join(words), width)}{self._palette.off}"
