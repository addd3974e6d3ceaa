"""What spans and metrics share: a flow in the words of OpenTelemetry's semantic conventions.

HTTP, server, URL and errors after version 1.42.0 (https://github.com/open-telemetry/semantic-conventions/tree/v1.42.0/docs/http), models
after the conventions for generative AI, which have a repository of their own since (in development:
https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/README.md). What they have no word for is under `amp.`.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from amp_addons.core.events import Tokens
from amp_addons.core.target import DEFAULT_PORTS
from amp_addons.telemetry.told import Told

type Value = str | bool | int | float | Sequence[str]
type Attributes = dict[str, Value]

SCHEMA = "https://opentelemetry.io/schemas/1.42.0"

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"))
"""Those that the conventions know; any other is `_OTHER`."""

PROVIDERS = {"google": "gcp.gen_ai", "xai": "x_ai"}
"""Providers that the conventions have another name for."""

_ERROR = re.compile(r"([A-Za-z][\w.-]{0,63}): ", re.ASCII)


def is_inference(told: Told) -> bool:
    return told.request.category == "inference"


def method_of(told: Told) -> str:
    return told.request.method if told.request.method in METHODS else "_OTHER"


def operation_of(told: Told) -> str:
    return "generate_content" if told.request.api == "google-generatecontent" else "chat"


def server_of(told: Told) -> Attributes:
    """The host that the client asked for; where rules sent the request is `amp.upstream`."""
    try:
        parts = urlsplit(told.request.url)
        host, port = parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return {}
    return {"server.address": host, **({"server.port": port} if port else {})} if host else {}


def model_of(told: Told) -> Attributes:
    """What all signals of a model say: operation, provider, models, server."""
    provider = told.request.provider
    found: Mapping[str, Value | None] = {
        "gen_ai.operation.name": operation_of(told),
        "gen_ai.provider.name": PROVIDERS.get(provider, provider) if provider else "_OTHER",
        "gen_ai.request.model": told.request.model,
        "gen_ai.response.model": told.stream.model if told.stream else None,
    }
    return {**known(found), **server_of(told)}


def usage_of(told: Told) -> Tokens:
    """The tokens as the conventions count them: cached ones belong to the input. Anthropic's own number leaves them out."""
    tokens = told.stream.tokens if told.stream else Tokens()
    if told.request.api != "anthropic-messages" or tokens.input is None:
        return tokens
    whole = tokens.input + (tokens.cache_read or 0) + (tokens.cache_write or 0)
    return replace(tokens, input=whole)


def error_of(told: Told) -> str | None:
    """What kind of error the flow ended with (`error.type`), None for none: a status, the provider's own type, or how it ended."""
    end, stream = told.end, told.stream
    if end.outcome == "blocked":
        return "blocked"
    if end.status is not None and end.status >= 400:
        return str(end.status)
    if end.outcome != "ok":
        return end.outcome
    if stream is None or stream.ended == "complete":
        return None
    named = next((found[1] for found in map(_ERROR.match, stream.errors) if found), None) if stream.ended == "error" else None
    return named or stream.ended


def known(attributes: Mapping[str, Value | None]) -> Attributes:
    """Those that have a value."""
    return {name: value for name, value in attributes.items() if value is not None and value != "" and value != []}
