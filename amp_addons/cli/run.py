"""`amp-addons run`: the proxy with the whole suite, on loopback."""

import errno
import socket
import sys
from pathlib import Path

import rich_click as click

SUITE = Path(__file__).resolve().parents[1] / "suite.py"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("-p", "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on (0: any free one).")
@click.argument("mitmproxy_args", nargs=-1, type=click.UNPROCESSED)
def run(port: int, mitmproxy_args: tuple[str, ...]) -> None:
    """Start the proxy with the whole suite on 127.0.0.1 and say what to paste into another shell.

    Further arguments go to mitmdump, for example:

        amp-addons run --port 8081 --set amp_events=events.jsonl
    """
    if problem := port_problem(port):
        raise click.ClickException(problem)
    from mitmproxy.tools.main import mitmdump

    arguments = ["-s", str(SUITE), "--listen-host", "127.0.0.1", "--listen-port", str(port), *mitmproxy_args]
    sys.argv[:] = ["mitmdump", *arguments]  # which its own messages are made from
    mitmdump(arguments)


def port_problem(port: int) -> str | None:
    """A sentence when nobody can listen on this loopback port now, with what to do."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
            attempt.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} of 127.0.0.1 is in use by another program. Stop that one, or choose another port: --port {port + 1}."
            return f"cannot listen on port {port} of 127.0.0.1: {error.strerror}. Choose another port, above 1023: --port 8081."
    return None
