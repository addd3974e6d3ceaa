"""Commands that give flows away without their secrets, where mitmproxy's own (`save.file`, `export`) leave them in (THREATS 10)."""

import asyncio
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mitmproxy import command, exceptions, flow, http, types

from amp_addons.addons import script
from amp_addons.addons.classify import url_of
from amp_addons.addons.hub import Hub
from amp_addons.core.encoding import decode_body
from amp_addons.core.redact.scrubber import Scrubber
from amp_addons.files import replace_private
from amp_addons.render.curl import MAX_BODY, curl_line
from amp_addons.render.units import counted
from amp_addons.replay.scrub_file import scrubbed_flow
from amp_addons.rulefiles.detectors import Redactor

logger = logging.getLogger(__name__)

type State = tuple[dict[str, Any], str | None]
"""A flow's state, and its API."""


class Sharing:
    name = "amp.sharing"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._saving: set[asyncio.Task[None]] = set()

    @command.command("amp.curl")  # type: ignore[untyped-decorator]  # mitmproxy types it in part
    def curl(self, flow: flow.Flow) -> str:
        """A flow's request as a line for curl, without credentials, quoted for a shell; below it what was left out."""
        if not isinstance(flow, http.HTTPFlow):
            raise exceptions.CommandError("amp.curl: found a flow that is not HTTP, expected an HTTP flow.")
        request, scrubber = flow.request, Scrubber(Redactor.builtin())
        raw, coding, note = request.raw_content or b"", request.headers.get("content-encoding", ""), ""
        body = decode_body(raw, coding, MAX_BODY) if coding else raw
        if body is None or len(body) > MAX_BODY:
            body, note = None, f"the body of {len(raw):,} bytes is left out: it is too large, or cannot be decoded"
        line, notes = curl_line(
            request.method,
            scrubber.target(url_of(flow), "request URL"),
            request.headers.fields,
            scrubber.body(body, "request body", api=self._hub.classify(flow).api) if body else body,
            lambda headers: scrubber.headers(headers, "request header"),
            body_note=note,
        )
        return "\n".join([line, *(f"# {note}" for note in notes)])

    @command.command("amp.scrub.save")  # type: ignore[untyped-decorator]  # mitmproxy types it in part
    def save(self, flows: Sequence[flow.Flow], path: types.Path) -> str:
        """Write flows to a file without their credentials and secrets. A file that is there is replaced. The log says when it is done."""
        target = Path(path).expanduser()
        if not flows:
            raise exceptions.CommandError("amp.scrub.save: found no flows, expected some, such as @all, @focus or a filter.")
        if problem := _problem_of(target):
            raise exceptions.CommandError(f"amp.scrub.save: {problem}.")
        task = asyncio.get_running_loop().create_task(self._save(list(flows), target))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)
        return f"Writing {counted(len(flows), 'flow')} to {target} without their secrets; the log says when that is done."

    async def _save(self, flows: Sequence[flow.Flow], target: Path) -> None:
        scrubber, pieces = Scrubber(Redactor.builtin()), []
        try:
            for found in flows:
                # The state is taken here, where nothing changes it, flow by flow; all else is done in a thread.
                state = found.get_state()
                state["metadata"] = dict(found.metadata)
                api = self._hub.classify(found).api if isinstance(found, http.HTTPFlow) else None
                pieces.append(await asyncio.to_thread(scrubbed_flow, state, api, scrubber))
            await asyncio.to_thread(replace_private, target, b"".join(pieces))
        except Exception as error:
            why = str(error) if isinstance(error, OSError) else type(error).__name__  # its text may be of the traffic
            logger.error("amp_addons: amp.scrub.save: nothing was written: %s.", why)
        else:
            logger.info(
                "amp_addons: amp.scrub.save: wrote %s to %s; %s masked.",
                counted(len(flows), "flow"),
                target,
                counted(scrubber.found.total(), "value"),
            )


def _problem_of(target: Path) -> str | None:
    """Why a file cannot be written, where that can be told beforehand."""
    try:
        mode = os.lstat(target).st_mode
    except FileNotFoundError:
        return None if target.parent.is_dir() else f"the folder {target.parent} is not there"
    except OSError as error:
        return f"{target} cannot be written: {error.strerror}"
    if stat.S_ISLNK(mode):
        return f"{target} is a symbolic link, which is not followed; name the file itself"
    return None if stat.S_ISREG(mode) else f"{target} is not a regular file"


addons = script(__name__)
