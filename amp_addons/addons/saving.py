"""Minds mitmproxy's own ways to save, export and copy flows: they go around scrubbing, and so write credentials (THREATS 10)."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from mitmproxy import addonmanager, ctx, exceptions

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import is_choice, refuse

OPTIONS = {"save_stream_file": "-w", "hardump": "hardump"}
"""Options of mitmproxy that write flows as they are, and how people call them."""

COMMANDS = ("save.file", "save.har", "export.file", "export.clip", "export", "cut", "cut.save", "cut.clip")
"""Commands that give flows, or parts of them, as they are."""

INSTEAD = (
    "amp_record=FILE records flows without them, and `amp-addons scrub IN OUT` makes a copy without; so do the commands "
    "amp.scrub.save and amp.curl"
)

logger = logging.getLogger(__name__)


class Saving:
    name = "amp.saving"

    def __init__(self, hub: Hub) -> None:
        self._said: set[str] = set()

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option("amp_strict", str, "off", "on: what would write credentials (-w, hardump, save.file, export) is refused.")

    def configure(self, updated: set[str]) -> None:
        if "amp_strict" in updated and not is_choice("amp_strict", ctx.options.amp_strict, ("on", "off")):
            return
        for option, called in OPTIONS.items():
            if option in ctx.options and getattr(ctx.options, option) and updated & {option, "amp_strict"}:
                self._mind(called)

    @looking
    def running(self) -> None:
        commands = ctx.master.commands.commands
        for name in COMMANDS:
            if found := commands.get(name):
                found.func = self._minded(name, found.func)
        if strict() and hasattr(ctx.master, "app"):
            logger.warning("amp_addons: amp_strict cannot keep mitmweb's own page from downloading flows with credentials in them.")

    def _mind(self, called: str) -> None:
        if strict():
            refuse(f"option amp_strict: found {called}, which writes credentials; leave it out. {INSTEAD}.")
        elif called not in self._said:
            self._said.add(called)
            logger.warning("amp_addons: %s writes flows with their credentials; %s.", called, INSTEAD)

    def _minded(self, name: str, command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def minded(*args: Any) -> Any:
            if strict():
                raise exceptions.CommandError(f"{name} gives flows with their credentials, and amp_strict is on. {INSTEAD}.")
            logger.warning("amp_addons: %s gives flows with their credentials; %s.", name, INSTEAD)
            return command(*args)

        return minded


def strict() -> bool:
    return bool(ctx.options.amp_strict == "on")


addons = script(__name__)
