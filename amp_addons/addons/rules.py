"""Holds the rules in force: loads them, and loads them anew when a file is saved. A bad file never half-works (DESIGN promise 6)."""

import asyncio
import logging
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mitmproxy import addonmanager, command, ctx, exceptions

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import is_choice, refuse
from amp_addons.core.rules.url import is_url
from amp_addons.core.scrub import scrub_text
from amp_addons.render.units import counted
from amp_addons.rulefiles.catalog import Catalog
from amp_addons.rulefiles.remote.remotes import NotYet
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.shipped import shipped

POLL = 0.5
"""Seconds between two looks at the files: soon enough for somebody who has just saved one and tries it."""

REMIND = 60.0
"""Seconds after which a file that is still broken is spoken of again."""

BROKEN = "the rule files are broken: the old rules are in force"

type Stamp = tuple[tuple[str, int, int, int] | None, ...]

logger = logging.getLogger(__name__)


class Rules:
    name = "amp.rules"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        hub.read_rules, hub.use_rules = self._load, self._use
        self._files: tuple[Path, ...] = ()
        self._stamp: Stamp = ()
        self._watcher: asyncio.Task[None] | None = None

    def load(self, loader: addonmanager.Loader) -> None:
        loader.add_option(
            "amp_rules",
            Sequence[str],
            [],
            "Rule files (YAML) in order, or URLs of signed ones. Without any, everything is observed and nothing changed.",
        )
        loader.add_option("amp_observe", str, "off", "on: no rule changes anything, each notes what it would have done.")

    def configure(self, updated: set[str]) -> None:
        if not updated & {"amp_rules", "amp_observe", "amp_url", "amp_catalog", "amp_trust", "amp_gateway"}:
            return
        if not is_choice("amp_observe", ctx.options.amp_observe, ("on", "off")):
            return
        try:
            self._use(self._read(wait=not refuse.running))
        except NotYet:
            self._hub.look_now()
        except (OSError, ValueError) as error:
            refuse(f"option amp_rules: {error}")

    @looking
    def running(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    @looking
    def done(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    def _read(self, *, wait: bool = True) -> RuleSet:
        """As the files are now; where a newer one by URL does not go with the others, with the one before."""
        return self._hub.remotes.anew("rules", lambda: self._load(self._hub.catalog, wait=wait))

    def _load(self, catalog: Catalog, *, wait: bool = True) -> RuleSet:
        given = ctx.options.amp_rules
        paths = [path if is_url(path) else Path(path).expanduser() for path in given] or [shipped("default.yaml")]
        self._files = tuple(dict.fromkeys([*(path for path in paths if isinstance(path, Path)), *self._files]))
        before = self._stamp = stamp_of(self._files)
        rules = RuleSet.load(
            *paths,
            catalog=catalog,
            amp_url=ctx.options.amp_url,
            observe=ctx.options.amp_observe == "on",
            secret=self._hub.key,
            get=partial(self._hub.remotes.get, wait=wait),
            balanced="amp_gateway" in ctx.options and ctx.options.amp_gateway == "on",
        )
        saved_meanwhile = stamp_of(self._files) != before
        self._files = rules.files
        self._stamp = () if saved_meanwhile else stamp_of(rules.files)
        return rules

    def _use(self, rules: RuleSet) -> None:
        """From now on; flows under way go on by the decision they have."""
        for warning in rules.warnings:
            logger.warning("amp_addons: %s", warning)
        self._hub.rules = rules
        self._hub.remotes.settle("rules", True)

    @command.command("amp.reload")  # type: ignore[untyped-decorator]  # mitmproxy types it in part
    def reload(self) -> str:
        """Read the rule files now, and say what came of it. When something is wrong with them, the old rules stay in force. The servers of
        files by URL are asked: what comes of that is in the log."""
        asked = self._hub.look_now()
        try:
            rules = self._read(wait=False)
        except (OSError, ValueError) as error:
            self._hub.notices["rules"] = BROKEN
            raise exceptions.CommandError(f"amp.reload: the old rules stay in force: {error}") from None
        self._use(rules)
        self._hub.notices.pop("rules", None)
        said = f"In force: {counted(len(rules.rules), 'rule')} of {', '.join(rules.names)}."
        said += "".join(f"\nwarning: {warning}" for warning in rules.warnings)
        said += "".join(f"\nasked now: {scrub_text(url)}" for url in asked)
        logger.info("amp_addons: %s", said.partition("\n")[0])
        return said

    async def _watch(self) -> None:
        broken = 0.0
        while True:
            await asyncio.sleep(POLL)
            if (stamp := await asyncio.to_thread(stamp_of, self._files)) == self._stamp and not (broken and _later(broken)):
                continue
            changed = stamp != self._stamp
            async with self._hub.reading:
                try:
                    rules = await asyncio.to_thread(self._read)
                except (OSError, ValueError) as error:
                    logger.error("amp_addons: the changed rules cannot be used, the old ones stay in force: %s", error)
                    broken = asyncio.get_running_loop().time()
                    self._hub.notices["rules"] = BROKEN
                    continue
                if changed or broken:
                    self._use(rules)
                    logger.info("amp_addons: the changed rules are in force (%d rules).", len(rules.rules))
                    self._hub.notices.pop("rules", None)
                broken = 0.0


def _later(since: float) -> bool:
    return asyncio.get_running_loop().time() - since > REMIND


def stamp_of(files: Sequence[Path]) -> Stamp:
    """What changes when a file is saved, by whichever way editors save."""
    return tuple(map(_stamp, files))


def _stamp(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return str(path), found.st_ino, found.st_mtime_ns, found.st_size


addons = script(__name__)
