"""Where telemetry goes: the URL of a collector, as `amp_otlp` and `--otlp` take it."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from amp_addons.core.target import is_loopback

MISSING = (
    "found no OpenTelemetry here: it is the extra `otel`. Install it with pip install 'amp-addons[otel]', in a checkout with "
    ".venv/bin/python -m pip install --require-hashes -r scripts/otel.lock"
)


def is_installed() -> bool:
    """Whether the extra is there, without importing it."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None and find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


def base_url(text: str) -> tuple[str, str | None]:
    """The URL without a slash at its end, and what is to be warned about.

    Raises ValueError, which does not repeat the URL: there may be a secret in it.
    """
    wanted = "expected a collector's URL such as http://127.0.0.1:4318"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"found what is no URL, {wanted}") from None
    if parts.scheme not in ("http", "https") or not host or not text.isprintable() or " " in text:
        raise ValueError(f"found what is no http or https URL, {wanted}")
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in text:
        raise ValueError(f"found a user, a query or a fragment in the URL, {wanted}; credentials go into $OTEL_EXPORTER_OTLP_HEADERS")
    base = text.rstrip("/")
    if parts.path.rstrip("/").endswith(("/v1/traces", "/v1/metrics", "/v1/logs")):
        raise ValueError(f"found the path of one signal, {wanted}: /v1/traces and /v1/metrics are added")
    if parts.scheme == "http" and not is_loopback(host):
        return base, "the collector is not on this machine and its URL is plain http: whoever is in between reads what is sent"
    return base, None
