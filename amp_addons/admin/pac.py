"""A proxy auto-config file: a program in JavaScript that is asked for the proxy of each URL.

It is written for the oldest engines (ECMAScript 3), uses none of the helpers that they bring, and never says "or else directly": where the
proxy is down the request fails, instead of going past it.
"""

from collections.abc import Iterator

import msgspec

from amp_addons.admin.comment import about, head, heading
from amp_addons.admin.egress import Egress, Host, Place

NOT_READ = (
    "Node, Bun and the native client read no PAC file, only environment variables: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in Node 24 with "
    "NODE_USE_ENV_PROXY=1."
)
_NOTES = (
    f"{NOT_READ} This file is for browsers (login) and programs that ask the system.",
    "Where there is a PAC file already, copy all but FindProxyForURL into it and begin its FindProxyForURL with: "
    "var amp = ampProxyForURL(url, host); if (amp) return amp;",
)


def pac(egress: Egress, proxy: Place, *, everything: bool = False) -> Iterator[str]:
    """Through the proxy go amp.url and other required hosts, with `everything` all that are listed. OpenRouter goes directly, as the
    document wants it; what is optional besides is left to the rest of the file."""
    yield from head("//", heading(egress, *_NOTES))
    yield f"var AMP_PROXY = {_text(f'PROXY {proxy}')};"
    yield "var AMP_HOSTS = {"
    ways = [(host, way) for host in egress.hosts if (way := _way(host, everything))]
    for number, (host, way) in enumerate(ways, 1):
        yield from head("//", [about(host)], "  ")
        yield f"  {_text(f'{host.place.name}:{host.place.port}')}: {way}{',' if number < len(ways) else ''}"
    yield "};"
    yield from _PROGRAM.splitlines()


def _way(host: Host, everything: bool) -> str | None:
    if everything or (host.need == "required" and host.route != "direct"):
        return "AMP_PROXY"
    return '"DIRECT"' if host.route == "direct" else None


def _text(text: str) -> str:
    """JSON's strings are JavaScript's too; nothing here has a character in which they differ."""
    return msgspec.json.encode(text).decode()


_PROGRAM = r"""
function ampProxyForURL(url, host) {
  var found = /^([a-z]+):\/\/(?:[^\/?#@]*@)?(?:\[[^\]\/]*\]|[^\/?#:\[]*)(?::([0-9]+))?/i.exec(url);
  var scheme = found ? found[1].toLowerCase() : "";
  var port = found && found[2] ? Number(found[2]) : scheme === "https" || scheme === "wss" ? 443 : 80;
  var name = String(host).toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return AMP_HOSTS[name + ":" + port] || null;
}

function FindProxyForURL(url, host) {
  return ampProxyForURL(url, host) || "DIRECT";
}
"""
