"""Shows the traffic: on a terminal a live view, elsewhere plain lines, and a summary at the end.

The event loop only hands over; a thread draws (`render.painter`). mitmproxy's own output is taken in: its log goes through the
same thread, so that it does not tear the view, and its dumper, which prints URLs with their tokens, is silenced or scrubbed.
"""

import asyncio
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, TextIO, cast

from mitmproxy import addonmanager, ctx, log
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.utils import vt_codes

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import is_choice, refuse
from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.events import Event, FlowResponse
from amp_addons.core.trace import FlowTrace
from amp_addons.render.banner import Listener
from amp_addons.render.line import Finished, Started, finished
from amp_addons.render.painter import Painter
from amp_addons.render.palette import palette
from amp_addons.render.prints import CleanFormatter, Prints, clean_dump
from amp_addons.render.screen import Screen
from amp_addons.render.tally import Tally
from amp_addons.render.view import LiveView, PlainView
from amp_addons.state import state_folder

type Mode = Literal["live", "lines", "off"]

CHOICES = ("auto", "live", "lines", "off")

_REASONS = {"off": "the mitmproxy console has the screen", "lines": "the output is no terminal that can move its cursor"}

logger = logging.getLogger(__name__)


class Display:
    name = "amp.display"
    wants_each_event = False

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._tally = Tally()
        self._asked = "auto"
        self._view: PlainView | None = None
        self._painter: Painter[Finished | Started] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broken = False

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_display",
            str,
            "auto",
            "How traffic is shown: live (a view that stays on the terminal), lines (one for each flow), off; auto: what fits the output.",
        )
        self._take_in_log("off")
        self._take_in_dumper()

    def configure(self, updated: set[str]) -> None:
        if "amp_display" not in updated:
            return
        found = ctx.options.amp_display
        if not is_choice("amp_display", found, CHOICES):
            return
        self._asked = found
        if self._loop is not None:
            self._stop()
            self._start()

    @looking
    def running(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._start()
        wanted = not refuse.refused and not ctx.options.rfile and _verbosity() not in ("warn", "error")
        if self._painter and self._view and wanted and (listeners := _listeners()):
            place = Path(ctx.options.confdir).expanduser().absolute()
            env = _env_command() if state_folder() in place.parents else None
            self._painter.put(self._view.banner(listeners, str(place / "mitmproxy-ca-cert.pem"), env))

    def publish(self, events: Sequence[Event], trace: FlowTrace) -> None:
        view, painter, request = self._view, self._painter, trace.request
        if view is None or painter is None or request is None:
            return
        if flow := finished(request, events, trace.applied):
            self._tally.add(flow)
            painter.put(flow)
        elif view.shows_starts and trace.watch is not None and isinstance(events[-1], FlowResponse):
            painter.put(Started(request, events[-1]))

    @looking
    def done(self) -> None:
        self._loop = None
        if self._painter and self._view and self._tally.flows:
            self._painter.put(self._view.summary(self._painter.dropped))
        self._stop()
        _hush(False)

    def _start(self) -> None:
        out = sys.stderr if _events_on_stdout() else sys.stdout
        mode = _mode(self._asked, out)
        self._take_in_log(mode)
        if self._asked in ("live", "lines") and mode != self._asked:
            logger.warning("amp_addons: option amp_display: %s is not possible here, because %s.", self._asked, _REASONS[mode])
        if mode == "off" or out is None:
            return
        screen = Screen(out)
        self._view = self._live(screen) if mode == "live" else PlainView(self._tally)
        self._painter = Painter(screen, self._view.show, self._view.region, self._failed)
        self._painter.start()
        self._hub.attach(self)

    def _live(self, screen: Screen) -> LiveView:
        return LiveView(screen, palette(True), self._tally, self._hub.traces, notices=self._hub.notices)

    def _stop(self) -> None:
        self._hub.detach(self)
        if self._painter and self._painter.stop():
            self._painter = None
        # Otherwise nobody reads the terminal: what is printed from now on goes to the painter, which lets go of it.

    def _failed(self, error: Exception) -> None:
        """Called in the painter's thread."""
        if loop := self._loop:
            loop.call_soon_threadsafe(self._give_up, error)

    def _give_up(self, error: Exception) -> None:
        self._hub.detach(self)
        self._painter = None
        self._broken = isinstance(error, OSError)
        logger.warning("amp_addons: the display failed with %s and is turned off; the traffic goes on.", type(error).__name__)

    def _print(self, text: str, beneath: IO[str]) -> None:
        """Print what mitmproxy prints: above the view while there is one, else where it would have gone."""
        if painter := self._painter:
            painter.put(text)
        else:
            # A broken output is not printed to again: mitmproxy would end when that fails.
            print(text, file=sys.stderr if self._broken or _events_on_stdout() else beneath)

    def _take_in_log(self, mode: Mode) -> None:
        if termlog := ctx.master.addons.get("termlog"):
            handler = termlog.logger
            beneath = _beneath(handler.file)
            handler.file = cast(IO[str], Prints(lambda text: self._print(text, beneath), beneath))
            colours = mode != "lines" and handler.has_vt_codes and not os.environ.get("NO_COLOR")
            handler.formatter = CleanFormatter(log.MitmFormatter(colours))
            _hush(mode != "off" and _verbosity() != "debug")

    def _take_in_dumper(self) -> None:
        if dumper := ctx.master.addons.get("dumper"):
            if not ctx.options.has_changed("flow_detail"):
                ctx.options.update(flow_detail=0)
            beneath = _beneath(dumper.outfp)
            dumper.outfp = cast(IO[str], Prints(lambda text: self._print(clean_dump(text), beneath), beneath))
            # Its colours could not be told from those in the traffic.
            dumper.out_has_vt_codes = False


def _hush(hushed: bool) -> None:
    """Leave out the coming and going of connections, four lines for each small request: the view tells the same. `-v` has them.

    At the logger, not at the terminal's handler: a record made for nobody costs a small request a tenth of its time.
    """
    logging.getLogger("mitmproxy.proxy.server").setLevel(logging.WARNING if hushed else logging.NOTSET)


def _beneath(file: IO[str]) -> IO[str]:
    return file.beneath if isinstance(file, Prints) else file


def _mode(asked: str, out: TextIO | None) -> Mode:
    """What is asked for, or fits; less where that cannot be."""
    if asked == "off" or out is None or type(ctx.master).__module__.startswith("mitmproxy.tools.console"):
        return "off"
    if asked == "auto" and (not isinstance(ctx.master, DumpMaster) or _verbosity() == "error"):
        return "off"  # mitmweb has a view of its own
    if asked == "lines" or not vt_codes.ensure_supported(out) or os.environ.get("TERM") == "dumb":
        return "lines"
    return "live"


def _verbosity() -> str | None:
    """`error` when mitmdump was started with `-q`, `debug` with `-v`; none where nothing is logged to a terminal."""
    return ctx.options.termlog_verbosity if "termlog_verbosity" in ctx.options else None


def _events_on_stdout() -> bool:
    return "amp_events" in ctx.options and ctx.options.amp_events == "-"


def _listeners() -> list[Listener]:
    proxyserver = ctx.master.addons.get("proxyserver")
    servers = proxyserver.servers if proxyserver else []
    gateway = "amp_gateway" in ctx.options and ctx.options.amp_gateway == "on"
    return [Listener(server.mode.type_name, address[0], address[1], gateway) for server in servers for address in server.listen_addrs]


def _env_command() -> str:
    """What prints all that a shell needs for a proxy that `amp-addons run` started: a password, certificates and their bundles too."""
    program = Path(sys.executable).with_name("amp-addons")
    parts = [str(program) if program.exists() else "amp-addons", "env"]
    if ctx.options.amp_url != (os.environ.get("AMP_URL") or DEFAULT_AMP_URL):
        parts += ["--amp-url", ctx.options.amp_url]
    return shlex.join(parts)


addons = script(__name__)
