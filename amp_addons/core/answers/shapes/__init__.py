"""Where the texts stand in the answers of each API: one module an API, all with the same shape, imported when first needed."""

from importlib import import_module

from amp_addons.core.answers.shapes.shape import Shape

_SHAPES = {
    "anthropic-messages": "anthropic_messages:AnthropicMessages",
    "openai-chat": "openai_chat:OpenAIChat",
    "openai-responses": "openai_responses:OpenAIResponses",
    "google-generatecontent": "google_generatecontent:GoogleGenerateContent",
}


def shape_of(api: str | None) -> Shape:
    """The shape of one answer of this API."""
    if api not in _SHAPES:
        return Shape()
    module, _, name = _SHAPES[api].partition(":")
    shape: Shape = getattr(import_module(f"{__name__}.{module}"), name)()
    return shape
