"""What is said at the start: where the proxy listens, and what to paste into the shell that starts the client."""

import shlex
from collections.abc import Iterable
from typing import NamedTuple

from amp_addons.render.palette import Palette


class Listener(NamedTuple):
    """One open port. `mode` is mitmproxy's name of it: regular, upstream, reverse, …; a `gateway` wants TLS and a password."""

    mode: str
    host: str
    port: int
    gateway: bool = False

    @property
    def address(self) -> str:
        """Host and port as a client on this machine writes them."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def banner(listeners: Iterable[Listener], ca_file: str, palette: Palette, env: str | None = None) -> list[str]:
    """The lines of the banner; none when nothing listens. One address a mode: IPv4 and IPv6 are the same port to a reader.

    `env`: the command that prints all that a shell needs (`amp-addons env`), where there is one for this proxy.
    """
    first = {listener.mode: listener for listener in reversed(list(listeners))}
    lines: list[str] = []
    for mode, listener in sorted(first.items()):
        scheme, user = ("https", "USER:PASSWORD@") if listener.gateway else ("http", "")
        variables = _variables(mode, f"{scheme}://{user}{listener.address}", ca_file)
        where = f"{scheme}://{listener.address}" if variables else listener.address
        lines += ["", f"{palette.strong}Listening on {where} ({mode}).{palette.off}"]
        if variables:
            lines += ["In the shell that starts the Amp CLI:", ""]
            if env and mode != "reverse" and not listener.gateway:
                lines.append(f'  eval "$({env} --port {listener.port})"')
            else:
                lines += [f"  export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*lines, ""] if lines else []


def _variables(mode: str, url: str, ca_file: str) -> dict[str, str]:
    if mode == "reverse":
        return {"AMP_URL": url}
    if mode not in ("regular", "upstream"):
        return {}
    return {"HTTPS_PROXY": url, "HTTP_PROXY": url, "NODE_EXTRA_CA_CERTS": ca_file, "NODE_USE_ENV_PROXY": "1"}
