"""Writes finished flows to a recording, off the event loop: one whole flow at a time, so that all before a crash reads back."""

import errno
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from amp_addons.backlog import Backlog
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.files import open_private
from amp_addons.replay.flowfile import whole_flows
from amp_addons.replay.recording import Finished, recorded
from amp_addons.replay.rotation import Naming, Rotation

MAX_WAITING = 256 * 1024 * 1024
"""Bytes of bodies that may wait to be written."""

PAUSE = 0.02
"""Seconds that flows are gathered: what ends together is scrubbed together, and not in the midst of it."""

SYNC = 1.0
"""Seconds between two times that the file is made safe against a power cut."""

RETRY = 1.0
"""Seconds before another attempt while the disk is full."""


_UNFINISHED = re.compile(rb"\d{1,12}\Z|\d{1,12}:(?:\d|\Z)|\0")
"""How a file begins whose only flow is unfinished, or whose blocks a power cut has kept from the disk."""


class Recorder:
    """Owns the file and the thread that scrubs and writes. `lost` counts flows that could not be written.

    Args:
        complain: called with a sentence, mostly in the thread: when flows are lost, once for each time that begins, and when it is over.

    Raises:
        OSError: the file cannot be opened; its text says why.
    """

    def __init__(self, naming: Naming, rotation: Rotation, scrubber: Callable[[], Scrubber], complain: Callable[[str], None]) -> None:
        self._naming, self._rotation, self._complain = naming, rotation, complain
        self._new_scrubber = scrubber
        self._scrubber: Scrubber | None = None
        self._broken: str | None = None
        self._tried = self._synced = 0.0
        self._missed = 0  # flows that a full disk has cost
        self._open(naming.path(time.time()))
        self._prune()
        self._backlog: Backlog[Finished] = Backlog(
            self._work, self._report, name="amp_addons recorder", limit=MAX_WAITING, batch=1, pause=PAUSE, finish=self._finish
        )

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._path

    @property
    def lost(self) -> int:
        return self._backlog.dropped

    def rotate_by(self, naming: Naming, rotation: Rotation) -> None:
        """Begin new files by another rotation from now on."""
        self._naming, self._rotation = naming, rotation

    def put(self, done: Finished) -> None:
        """Have a flow written soon. Never blocks, never raises."""
        self._backlog.put((done,), 4096 + done.kept.size + done.messages_size + len(done.flow.request.raw_content or b""))

    def close(self, timeout: float = 10.0) -> bool:
        """Write what waits. False when that took too long."""
        return self._backlog.close(timeout)

    def _open(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = open_private(path)
        size, whole = os.fstat(descriptor).st_size, whole_flows(descriptor)
        if size and not whole and not _UNFINISHED.match(os.pread(descriptor, 16, 0)):
            # Nothing of it is ours to cut off.
            os.close(descriptor)
            raise OSError(errno.EINVAL, f"{path} is there and is no recording of flows; name another file")
        self._path, self._descriptor, self._begun = path, descriptor, time.monotonic()
        if whole < size:
            # A crash or a power cut left it: what follows would not be read.
            os.ftruncate(self._descriptor, whole)
            self._complain(f"an unfinished last flow ({size - whole} bytes) was cut off {path}")

    def _work(self, batch: Sequence[Finished]) -> int:
        if self._broken and time.monotonic() - self._tried < RETRY:
            self._missed += len(batch)
            return len(batch)
        scrubber = self._scrubber = self._scrubber or self._new_scrubber()
        for done in batch:
            data = recorded(done, scrubber)
            scrubber.found.clear()
            try:
                self._rotate()
                self._write(data)
            except OSError as error:
                self._fail(error)
                self._missed += 1
                return 1
        if self._broken:
            self._broken = None
            self._complain(f"flows are recorded again; {self._missed} were left out")
        if time.monotonic() - self._synced > SYNC:
            self._sync()
        return 0

    def _write(self, data: bytes) -> None:
        start = os.fstat(self._descriptor).st_size
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, start)
            raise

    def _rotate(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if not size or not self._rotation.is_due(size, time.monotonic() - self._begun):
            return
        old = self._descriptor
        self._sync()
        self._open(self._naming.fresh(time.time()))
        os.close(old)
        self._prune()

    def _prune(self) -> None:
        with suppress(OSError):  # a file that cannot be removed stays; recording goes on
            for path in self._naming.surplus(self._rotation.keep, self._path) if self._rotation.keep else ():
                path.unlink(missing_ok=True)

    def _sync(self) -> None:
        with suppress(OSError):  # a pipe or a device has nothing to sync
            os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def _fail(self, error: OSError) -> None:
        self._tried = time.monotonic()
        if self._broken is None:
            self._broken = error.strerror or type(error).__name__
            self._complain(f"flows cannot be recorded ({self._broken}) and are left out until they can")

    def _report(self, lost: int) -> bool:
        if self._broken is not None:
            return False
        slow, self._missed = lost - self._missed, 0
        if slow > 0:
            self._complain(f"{slow} flows were not recorded because writing them was too slow")
        return True

    def _finish(self) -> None:
        self._sync()
        os.close(self._descriptor)
