"""Going through captures on a Dask cluster that the user runs: the same parts, in the same order, so the same result.

Dask moves the work and does it again where a worker ends; a part's result is fetched once, by its number. Between client, scheduler and
workers Dask pickles: they trust each other. What is in a capture is never unpickled.
"""

import logging
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Self

from distributed import Client, Future, KilledWorker
from distributed.comm import CommClosedError

from amp_addons import __version__
from amp_addons.prices import price_table
from amp_addons.replay.parts import Part, parts_of
from amp_addons.replay.run import AHEAD, Found, Reader, Wish
from amp_addons.replay.totals import Totals
from amp_addons.replay.url import is_url

CONNECT = 10
"""Seconds that a scheduler has to answer."""

FETCH = 5
"""Seconds in which a result that is ready has to come; then it is asked for again, with twice the time, should there be a worker."""

ALONE = 60
"""Seconds without any worker after which it is given up."""

_LOOK = 1.0
"""Seconds between two looks at which workers there are."""


class ClusterError(OSError):
    """The cluster does not do its work. The text says what was found and what was expected."""


class Cluster:
    """A connection to a scheduler. `workers` are there now, `lost` ended while they were needed."""

    def __init__(self, address: str) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is to be known is said here
        self.address, self.lost = address, 0
        self._threads: dict[str, int] = {}
        self._looked = 0.0
        try:
            self._client: Any = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(f"found no scheduler of Dask at {address} ({type(error).__name__}), expected one") from None
        try:
            self._client.wait_for_workers(1, timeout=ALONE)
        except TimeoutError:
            self._client.close(timeout=1)
            raise self._nobody() from None
        except BaseException:
            self._client.close(timeout=1)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, RuntimeError):
            self._client.close(timeout=CONNECT)

    @property
    def workers(self) -> int:
        return len(self._threads)

    def read(self, files: Sequence[str], wish: Wish, tick: Callable[[Found], object] = lambda found: None) -> Iterator[Found]:
        """Each part of the files, in order. `tick` is told of each when it is done. Raises OSError."""
        run = uuid.uuid4().hex
        waiting: deque[tuple[Part, str, Any]] = deque()
        parts = _parts(files)
        wish = wish._replace(catalogs=tuple(map(_whole, wish.catalogs)), rules=tuple(map(_whole, wish.rules)))
        number, more = 0, True
        try:
            while more or waiting:
                self._look()
                while more and len(waiting) < AHEAD * max(1, sum(self._threads.values())):
                    if (next_one := next(parts, None)) is None:
                        more = False
                        break
                    part, name = next_one
                    key = f"amp-addons-{run}-{number}"
                    waiting.append((part, name, self._client.submit(read_part, run, _versions(), wish, part, key=key, pure=False)))
                    number += 1
                if waiting:
                    part, name, future = waiting.popleft()
                    found = self._result(part, future)
                    found = found._replace(part=part._replace(file=name))
                    tick(found)
                    yield found
        finally:
            with suppress(OSError, RuntimeError):  # there may be nobody any more to tell
                self._client.cancel([future for _, _, future in waiting], force=True)

    def _result(self, part: Part, future: "Future[Found]") -> Found:
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        alone: float | None = None
        fetch = FETCH
        while True:
            try:
                if not done.wait(_LOOK):
                    pass
                elif self._threads:
                    found: Found = future.result(timeout=fetch)
                    future.release()
                    return found
                else:
                    time.sleep(_LOOK)  # it was done, by a worker that is gone with it
            except TimeoutError:
                if future.status == "error":
                    raise
                fetch *= 2
            except KilledWorker:
                return Found(part, Totals(), b"", "each worker that read this part ended")
            except (ImportError, AttributeError) as error:
                raise ClusterError(f"found a worker without this amp-addons ({error}), expected {_versions()} on each") from None
            except CommClosedError:
                raise self._gone() from None
            except OSError:
                raise
            except Exception as error:
                if "Cancelled" in type(error).__name__:
                    raise self._gone() from None
                raise
            self._look()
            alone = None if self._threads else alone or time.monotonic()
            if alone is not None and time.monotonic() - alone > ALONE:
                raise self._nobody()

    def _look(self) -> None:
        """See which workers there are, once a second."""
        if (now := time.monotonic()) - self._looked < _LOOK:
            return
        self._looked = now
        try:
            threads = self._client.nthreads()
        except (OSError, ValueError, RuntimeError):
            raise self._gone() from None
        self.lost += len(self._threads.keys() - threads.keys())
        self._threads = dict(threads)

    def _gone(self) -> ClusterError:
        return ClusterError(f"found the scheduler at {self.address} gone, expected it until the end")

    def _nobody(self) -> ClusterError:
        return ClusterError(f"found no worker at {self.address} for {ALONE} s, expected at least one")


def _parts(files: Sequence[str]) -> Iterator[tuple[Part, str]]:
    """The parts, by names that workers understand, each with the name that the user gave. Made while others are read already."""
    for name in files:
        for part in parts_of(_whole(name)):
            yield part, name


def _whole(name: str) -> str:
    """A name that means the same in another folder."""
    return name if is_url(name) else os.path.abspath(name)


def _versions() -> str:
    """What must be alike for results to be alike."""
    return f"amp-addons {__version__} with {price_table()}"


class _Here(threading.local):
    """What each thread of a worker has: the reader of the run that it works for."""

    run: str | None = None
    reader: Reader


_here = _Here()


def read_part(run: str, versions: str, wish: Wish, part: Part) -> Found:
    """Read a part, in a worker."""
    if versions != _versions():
        raise ClusterError(f"found {_versions()} on a worker, expected {versions} as where it was started")
    if _here.run != run:
        from amp_addons.rulefiles.detectors import deepen_scrubbing

        deepen_scrubbing()
        _here.reader = Reader(wish)
        _here.run = run
    return _here.reader.read(part)
