"""`amp-addons run`: the proxy with the whole suite, on loopback."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from amp_addons.cli import options, output
from amp_addons.cli.session import default_recording, port_problem, session_secret
from amp_addons.core.target import LOOPBACK

if TYPE_CHECKING:
    from amp_addons.launch.plan import Plan

SUITE = Path(__file__).resolve().parents[1] / "suite.py"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("-p", "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on (0: any free one).")
@click.option("--ui", type=click.Choice(["dump", "web", "console"]), default="dump", show_default=True, help="mitmproxy's front end.")
@click.option("--reverse", is_flag=True, help="Be amp.url itself, for runtimes that ignore HTTPS_PROXY (Node 20).")
@click.option("--upstream-proxy", metavar="URL", help="Go through this proxy. [default: the one in the environment]")
@click.option("--record", metavar="FILE", is_flag=False, flag_value="", default=None, help="Record, without secrets.")
@click.option("--rules", "files", metavar="FILE", multiple=True, help="A rule file (repeatable, in order).")
@click.option("--all-hosts", is_flag=True, help="Decrypt every host, not only those of the catalogs and rules.")
@click.option("--listen-host", default="127.0.0.1", show_default=True, help="Another address needs --proxy-auth.")
@click.option("--proxy-auth", metavar="FILE", help="Ask clients for a user and password: a file with `user:password`.")
@options.amp_url
@options.catalogs
@click.argument("mitmproxy_args", nargs=-1, type=click.UNPROCESSED)
def run(
    port: int,
    ui: str,
    reverse: bool,
    upstream_proxy: str | None,
    record: str | None,
    files: tuple[str, ...],
    all_hosts: bool,
    listen_host: str,
    proxy_auth: str | None,
    amp_url: str,
    catalogs: tuple[str, ...],
    mitmproxy_args: tuple[str, ...],
) -> None:
    """Start the proxy with the whole suite on 127.0.0.1 and say what to paste into another shell.

    Further arguments go to mitmproxy. Examples:

    \b
        amp-addons run
        amp-addons run --ui web --record
        amp-addons run --port 8081 -- --set amp_events=events.jsonl
    """
    from amp_addons.launch.environment import UnusableProxy
    from amp_addons.launch.plan import make_plan
    from amp_addons.launch.secret import keep
    from amp_addons.launch.trust import Unreadable

    if listen_host not in LOOPBACK and proxy_auth is None:
        raise click.UsageError(
            f"found --listen-host {listen_host}: whoever reaches this port could use the proxy; expected --proxy-auth FILE beside it"
        )
    if problem := port_problem(port):
        raise click.ClickException(problem)
    try:
        plan = make_plan(os.environ, catalogs=catalogs, amp_url=amp_url, upstream=upstream_proxy, all_hosts=all_hosts, name="run")
    except (Unreadable, UnusableProxy) as error:
        raise click.ClickException(str(error)) from None
    _warn(plan, reverse)
    wanted = plan.options(port=port, reverse=reverse, all_hosts=all_hosts)
    wanted |= {"listen_host": listen_host, "amp_rules": list(files), "amp_catalog": list(catalogs)}
    if record is not None:
        wanted["amp_record"] = record or default_recording()
    secret = _secret(proxy_auth) if proxy_auth is not None else session_secret(files, catalogs, reverse)
    keep(port, secret)
    if secret is not None:
        wanted["proxyauth"] = secret
    if ui == "web" and port:  # where there is no display that says it
        click.echo(f'In the shell that starts the Amp CLI:\n\n  eval "$({output.program()} env{" --reverse" * reverse} --port {port})"\n')
    _start(ui, wanted, plan, mitmproxy_args)


def _start(ui: str, wanted: dict[str, object], plan: "Plan", mitmproxy_args: tuple[str, ...]) -> None:
    """Become mitmproxy. What is in an option is in no command line: the arguments are made here."""
    from mitmproxy.tools import main

    if plan.upstream is not None:
        os.environ.update(plan.upstream.variables)
    arguments = ["-s", str(SUITE)]
    for name, value in wanted.items():
        for each in value if isinstance(value, list) else [value]:
            arguments += ["--set", f"{name}={str(each).lower() if isinstance(each, bool) else each}"]
    front = {"dump": "mitmdump", "web": "mitmweb", "console": "mitmproxy"}[ui]
    arguments += [argument for argument in mitmproxy_args if argument != "--"]
    os.umask(0o077)  # mitmproxy's own files too
    sys.argv[:] = [front, *arguments]  # which its own messages are made from
    getattr(main, front)(arguments)


def _warn(plan: "Plan", reverse: bool) -> None:
    if plan.made:
        click.echo(
            f"amp_addons: {plan.place} has a new certificate authority: shells that trust an older one need `amp-addons env`.", err=True
        )
    if reverse:
        click.echo(
            "amp_addons: clients keep their login by amp.url, so they look logged out here: pass the key on (AMP_API_KEY), or log in once "
            "with this AMP_URL and keep the port.",
            err=True,
        )


def _secret(file: str) -> str:
    text = Path(file).expanduser().read_text().strip()
    user, colon, password = text.partition(":")
    if not (colon and user and password) or "\n" in text:
        raise click.BadParameter(f"found no `user:password` in {file}, expected it on one line", param_hint="--proxy-auth")
    return text
