"""Keeps one row for each flow in a file (`amp_ledger`), which `amp-addons stats` sums up. Off the event loop, and without content."""

import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import addonmanager, ctx

from amp_addons.addons import script
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.core.events import Event, FlowEnd, StreamEnd
from amp_addons.core.text import did_you_mean
from amp_addons.core.trace import FlowTrace
from amp_addons.ledger import default_path
from amp_addons.ledger.row import Flow
from amp_addons.ledger.writer import LedgerWriter

logger = logging.getLogger(__name__)


class Ledger:
    name = "amp.ledger"
    wants_each_event = False

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._writer: LedgerWriter | None = None
        self._target: str | None = None

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_ledger",
            str,
            "",
            "The file that keeps one row for each flow, for `amp-addons stats`; off: none. Default: ledger.sqlite in the state folder.",
        )

    def configure(self, updated: set[str]) -> None:
        if "amp_ledger" not in updated or (target := ctx.options.amp_ledger) == self._target:
            return  # mitmproxy puts the old value back after a refusal
        if target not in ("", "off") and (problem := _problem(target)):
            return refuse(f"option amp_ledger: {problem}.")
        self._close()
        self._target = target
        if target != "off":
            path = Path(os.path.expanduser(target)).absolute() if target else default_path()
            self._writer = LedgerWriter(path, self._complain, private_folder=not target)
            self._hub.attach(self)

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        end, writer = events[-1], self._writer
        if type(end) is not FlowEnd or writer is None:
            return
        if trace.recorded:
            return
        if writer.disabled:
            return self._hub.detach(self)
        if trace.request is not None:
            stream = next((event for event in events if type(event) is StreamEnd), None)
            writer.put(Flow(trace.request, trace.response, stream, end))

    def done(self) -> None:
        self._close()

    def _close(self) -> None:
        self._hub.detach(self)
        writer, self._writer = self._writer, None
        if writer is not None and not writer.close():
            self._complain(f"the last flows could not be written in time; {writer.dropped} are missing in all")

    @staticmethod
    def _complain(sentence: str) -> None:
        logger.warning("amp_addons: amp_ledger: %s.", sentence)


def _problem(target: str) -> str | None:
    """Why no ledger can be in this file, as far as a look at its name tells; the rest comes out when it is opened."""
    if os.path.basename(target) == target and not os.path.splitext(target)[1]:
        return f"found {target!r}, expected a file or off (./{target} for a file of that name).{did_you_mean(target, ('off',))}"
    path = os.path.expanduser(target)
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        folder = os.path.dirname(path) or "."
        return None if os.path.isdir(folder) else f"the folder {folder} is not there; make it, or name another file"
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    if stat.S_ISLNK(found.st_mode):
        return f"{path} is a symbolic link, which is not followed; name the file itself"
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a regular file; name a file, or off"
    if os.name == "posix" and found.st_uid != os.geteuid():
        return f"{path} belongs to another user; name a file of your own"
    return None


addons = script(__name__)
