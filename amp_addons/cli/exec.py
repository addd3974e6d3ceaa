"""`amp-addons exec -- CMD`: a client with a proxy of its own beside it."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.cli.session import default_recording, port_problem, session_secret
from amp_addons.core.rules.url import is_url
from amp_addons.core.target import PLAIN, is_plain

if TYPE_CHECKING:
    from amp_addons.launch.plan import Plan
    from amp_addons.launch.told import Told


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", metavar="-- CMD [ARGS]…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--reverse", is_flag=True, help="For runtimes that ignore HTTPS_PROXY (Node 20): AMP_URL leads to the proxy.")
@click.option("--rules", "files", metavar="FILE", multiple=True, help="A rule file (repeatable, in order).")
@click.option("--record", metavar="FILE", is_flag=False, flag_value="", default=None, help="Record the traffic, without secrets.")
@click.option("--upstream-proxy", metavar="URL", help="Go through this proxy. [default: the one in the environment]")
@click.option("--all-hosts", is_flag=True, help="Decrypt every host, not only those of the catalogs.")
@click.option("--ui", type=click.Choice(["none", "web"]), default="none", show_default=True, help="web: open mitmweb beside it.")
@click.option("--set", "settings", metavar="OPTION=VALUE", multiple=True, help="An option of mitmproxy's or the suite's (repeatable).")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing at the end.")
@options.amp_url
@options.catalogs
def exec_(
    command: tuple[str, ...],
    reverse: bool,
    files: tuple[str, ...],
    record: str | None,
    upstream_proxy: str | None,
    all_hosts: bool,
    ui: str,
    settings: tuple[str, ...],
    quiet: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
) -> int:
    """Run CMD with all its traffic to the Amp service through a proxy with the suite, and sum it up at the end.

    The proxy listens on a free port of 127.0.0.1 and is gone with the command. Terminal, signals and exit status are the command's own.
    Only hosts of the catalogs are decrypted; others pass through untouched. Examples:

    \b
        amp-addons exec -- amp
        amp-addons exec --rules rules.yaml --record today.flows -- amp -x 'what is in this repository?'
    """
    from amp_addons.launch.beside import Beside, NotStarted, Orders
    from amp_addons.launch.environment import UnusableProxy
    from amp_addons.launch.plan import make_plan
    from amp_addons.launch.trust import Unreadable
    from amp_addons.state import make_private, state_folder

    if command[0] == "--":
        command = command[1:]
    if not command or which(command[0]) is None:
        return _not_found(command)
    logs = state_folder() / "exec"
    make_private(logs)
    try:
        plan = make_plan(
            os.environ, catalogs=catalogs, amp_url=amp_url, upstream=upstream_proxy, all_hosts=all_hosts, name=f"exec-{os.getpid()}"
        )
    except (Unreadable, UnusableProxy) as error:
        raise click.ClickException(str(error)) from None
    if is_plain(plan.amp_url):
        click.echo(f"amp_addons: {PLAIN}. Use https.", err=True)
    secret = session_secret(files, catalogs, reverse)
    began = time.time()
    with tempfile.TemporaryDirectory(prefix="amp-addons-") as folder:
        wanted, settings_left = _options(plan, Path(folder) / "events.jsonl", reverse, all_hosts, files, catalogs, record, settings)
        if ui == "web":
            wanted.setdefault("web_port", _page_port())
        events = Path(wanted["amp_events"])
        before = events.stat().st_size if events.is_file() else 0
        if secret:
            wanted["proxyauth"] = secret
        log = logs / f"{os.getpid()}.log"
        try:
            with Beside(Orders(wanted, ui == "web", settings_left), log, plan.upstream) as proxy:
                if proxy.ready.page:
                    click.echo(f"amp_addons: the traffic is shown at {proxy.ready.page}", err=True)
                code = _run(command, plan.environment(os.environ, proxy.ready.ports[0], reverse=reverse, secret=secret))
        except NotStarted as error:
            raise click.ClickException(f"the proxy did not start:\n{error}") from None
        finally:
            for file in (plan.ca_file, plan.bundle, plan.upstream_bundle):
                file.unlink(missing_ok=True)
        if not quiet:
            _sum_up(events, before, command, log, reverse)
            if record is not None:
                click.echo(f"amp_addons: {_recorded(wanted['amp_record'], began)}", err=True)
    from amp_addons.launch.child import exit_as

    return exit_as(code)


def _options(
    plan: "Plan",
    events: Path,
    reverse: bool,
    all_hosts: bool,
    files: tuple[str, ...],
    catalogs: tuple[str, ...],
    record: str | None,
    settings: tuple[str, ...],
) -> tuple[dict[str, Any], list[str]]:
    """The proxy's options, and those of `--set` that are not among them."""
    port = _stable_port(plan.amp_url) if reverse else 0
    found = plan.options(port=port, reverse=reverse, all_hosts=all_hosts)
    found |= {"amp_display": "lines", "amp_events": str(events), "amp_events_detail": "flow"}
    found |= {"amp_rules": list(map(_absolute, files)), "amp_catalog": list(map(_absolute, catalogs))}
    if record is not None:
        found["amp_record"] = os.path.abspath(record) if record else default_recording()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not name or not equals:
            raise click.UsageError(f"found --set {setting}, expected OPTION=VALUE")
        if name == "amp_events":
            found[name] = value
    if found["amp_events"] in ("", "-"):
        raise click.UsageError("found --set amp_events without a file, expected a file: standard output is the command's")
    found["amp_events"] = os.path.abspath(os.path.expanduser(found["amp_events"]))
    return found, [setting for setting in settings if not setting.startswith("amp_events=")]


def _absolute(name: str) -> str:
    return name if is_url(name) else os.path.abspath(name)


def _recorded(pattern: str, began: float) -> str:
    """Where this run's recording is: a name that is made of the time is that of the newest file."""
    if "/%Y" not in pattern:
        return f"recorded in {pattern}"
    folder = Path(pattern.partition("/%Y")[0].replace("%%", "%"))
    new = [file for file in folder.iterdir() if file.stat().st_mtime >= began and file.stat().st_size]
    return f"recorded in {max(new, key=lambda file: file.stat().st_mtime)}" if new else "there was nothing to record"


def _stable_port(amp_url: str) -> int:
    """The same port each time, where it is free: clients keep their login by the URL that they know the service by."""
    from zlib import crc32

    port = 20_000 + crc32(amp_url.encode()) % 10_000
    return 0 if port_problem(port) else port


def _page_port() -> int:
    """One that is free now: each of several at once has a page of its own."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _run(command: tuple[str, ...], environ: Mapping[str, str]) -> int:
    from amp_addons.launch.child import run

    try:
        return run(command, {**os.environ, **environ})
    except OSError as error:
        click.echo(f"Error: {command[0]} cannot be started: {error.strerror}", err=True)
        return 126


def _not_found(command: tuple[str, ...]) -> int:
    if not command:
        raise click.UsageError("found no command, expected one: amp-addons exec -- amp")
    click.echo(f"Error: found no program {command[0]!r} on PATH, expected the command to run: amp-addons exec -- amp", err=True)
    return 127


def _sum_up(events: Path, before: int, command: tuple[str, ...], log: Path, reverse: bool) -> None:
    """`before`: bytes of the events file that other runs wrote."""
    from rich.console import Console

    from amp_addons.launch.told import Told
    from amp_addons.render.summary import summary

    told = Told()
    if events.exists():
        with events.open("rb") as lines:
            lines.seek(before)
            told.read(lines)
    console = Console(stderr=True)
    for line in summary(told.tally, dropped=0, width=console.width, colours=console.is_terminal and not console.no_color):
        click.echo(line, err=True)
    for line in _remarks(told, command, reverse):
        click.echo(output.typed(line), err=True)
    click.echo(f"amp_addons: what passed is in {log}", err=True)


def _remarks(told: "Told", command: tuple[str, ...], reverse: bool) -> list[str]:
    found = []
    if told.passed:
        hosts = ", ".join(list(told.passed)[:10]) + (" …" if len(told.passed) > 10 else "")
        found.append(f"amp_addons: not inspected, because in no catalog (--all-hosts inspects all): {hosts}")
    if not told.tally.flows and not told.passed:
        from amp_addons.launch.silence import why_silent

        found += why_silent(command, reverse)
    return found


if sys.platform == "win32":
    exec_.help = (exec_.help or "") + "\n\nOn Windows, signals are not passed on."
