"""Names every flow by its row of the endpoint catalog: in metadata, a comment and a marker that mitmproxy's interfaces and filters use."""

import logging
import os
from collections.abc import Sequence
from functools import lru_cache, partial
from urllib.parse import urlsplit

from mitmproxy import addonmanager, ctx, http

from amp_addons.addons import script
from amp_addons.addons.guard import looking
from amp_addons.addons.hub import Hub
from amp_addons.addons.startup import refuse
from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.core.target import PLAIN, absolute_url, base_of, is_plain, split_target
from amp_addons.rulefiles.catalog import Catalog, Classification, classify
from amp_addons.rulefiles.remote.remotes import NotYet

MARKERS = {
    "inference": ":speech_balloon:",
    "user": ":bust_in_silhouette:",
    "threads": ":thread:",
    "github": ":octopus:",
    "realtime": ":electric_plug:",
    "telemetry": ":bar_chart:",
    "internal": ":gear:",
    "web": ":globe_with_meridians:",
    "update": ":package:",
    "other": ":white_small_square:",
}
UNKNOWN_MARKER = ":question:"


logger = logging.getLogger(__name__)


class Classify:
    name = "amp.classify"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._amp_url = DEFAULT_AMP_URL
        self._lookup = lru_cache(maxsize=1024)(self._look_up)
        hub.classify = self.classify
        hub.knows = self.knows
        hub.read_catalog, hub.use_catalog = self._read, self._use

    def load(self, loader: addonmanager.Loader) -> None:
        url = os.environ.get("AMP_URL") or DEFAULT_AMP_URL
        loader.add_option("amp_url", str, url, "Where the Amp service is: the client's amp.url (default: $AMP_URL).")
        loader.add_option(
            "amp_catalog", Sequence[str], [], "Endpoint catalogs of your own (YAML files), before the shipped ones; by URL: after."
        )

    def configure(self, updated: set[str]) -> None:
        if "amp_url" in updated:
            if problem := _problem_of(ctx.options.amp_url):
                origin = "" if ctx.options.has_changed("amp_url") or "AMP_URL" not in os.environ else " It is the value of $AMP_URL."
                return refuse(problem + origin)
            self._amp_url = ctx.options.amp_url
            if is_plain(self._amp_url):
                logger.warning("amp_addons: %s. Use https.", PLAIN)
        if updated & {"amp_catalog", "amp_trust"}:
            try:
                self._use(self._hub.remotes.anew("catalog", lambda: self._read(wait=not refuse.running)))
            except NotYet:
                self._hub.look_now()
            except (OSError, ValueError) as error:
                return refuse(f"option amp_catalog: {error}")
        self._lookup.cache_clear()

    def _read(self, *, wait: bool = True) -> Catalog:
        return Catalog.load(*ctx.options.amp_catalog, get=partial(self._hub.remotes.get, wait=wait))

    def _use(self, catalog: Catalog) -> None:
        self._hub.catalog = catalog
        self._hub.remotes.settle("catalog", True)
        self._lookup.cache_clear()

    @looking
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        found = self.classify(flow)
        flow.metadata.update(
            {
                "amp.endpoint": found.endpoint,
                "amp.category": found.category,
                "amp.route": found.route,
                "amp.known": found.known,
                **{f"amp.{key}": value for key in ("provider", "api", "catalog") if (value := getattr(found, key))},
            }
        )
        flow.comment = flow.comment or " · ".join(part for part in (found.endpoint, found.route, found.api) if part)
        flow.marked = flow.marked or (MARKERS.get(found.category, "") if found.known else UNKNOWN_MARKER)

    def classify(self, flow: http.HTTPFlow) -> Classification:
        """The classification of a flow by its method and URL; in reverse mode the upstream stands for amp.url."""
        return self._lookup(flow.request.method, url_of(flow), base_of(flow.client_conn.proxy_mode.full_spec, self._amp_url))

    def knows(self, host: str) -> bool:
        """Whether a host (`core.target.host_key`) is one of the catalogs, or amp.url's."""
        return self._hub.catalog.has(host) or host == split_target(self._amp_url).host

    def _look_up(self, method: str, url: str, amp_url: str) -> Classification:
        return classify(method, url, catalog=self._hub.catalog, amp_url=amp_url)


def url_of(flow: http.HTTPFlow) -> str:
    """The URL by which a flow's request is known."""
    request = flow.request
    return absolute_url(request.scheme, request.host, request.port, request.path, request.host_header)


def _problem_of(amp_url: str) -> str | None:
    try:
        parts = urlsplit(amp_url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and parts.username is None
    except ValueError:
        fine = False
    if fine and not parts.query and not parts.fragment:
        return None
    # The value is not repeated: a URL with a password in it would end up in a log.
    return "option amp_url: expected http(s)://HOST, perhaps with a port and a path, as in https://ampcode.com; found something else."


addons = script(__name__)
