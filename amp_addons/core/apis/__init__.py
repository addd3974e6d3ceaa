"""What each API's events mean: one module an API, all with the same shape (`reading.Reading`), imported when first needed."""

from importlib import import_module

from amp_addons.core.reading import Reading

READERS = {
    "anthropic-messages": "amp_addons.core.apis.anthropic_messages:AnthropicMessages",
    "openai-chat": "amp_addons.core.apis.openai_chat:OpenAIChat",
    "openai-responses": "amp_addons.core.apis.openai_responses:OpenAIResponses",
    "google-generatecontent": "amp_addons.core.apis.google_generatecontent:GoogleGenerateContent",
    "amp-connect": "amp_addons.core.apis.amp_connect:AmpConnect",
}


def reading_of(api: str | None) -> Reading | None:
    """A new reading of an answer of this API, or None for an API that is not known."""
    if api not in READERS:
        return None
    module, _, name = READERS[api].partition(":")
    reading: Reading = getattr(import_module(module), name)()
    return reading
