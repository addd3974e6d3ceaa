import pytest
from support.telemetry import told

from amp_addons.core.events import Tokens
from amp_addons.telemetry.attributes import error_of, method_of, model_of, server_of, usage_of


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://ampcode.com/api/x", {"server.address": "ampcode.com", "server.port": 443}),
        ("http://127.0.0.1:8080/", {"server.address": "127.0.0.1", "server.port": 8080}),
        ("http://[::1]:99999/", {}),
        ("", {}),
    ],
)
def test_server(url, found):
    assert server_of(told(url=url)) == found


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, None),
        ({"end": {"status": 529}}, "529"),
        ({"end": {"status": 403, "outcome": "blocked"}}, "blocked"),
        ({"end": {"outcome": "aborted"}}, "aborted"),
        ({"stream": {"ended": "truncated"}}, "truncated"),
        ({"stream": {"ended": "error", "errors": ["overloaded_error: Overloaded"]}}, "overloaded_error"),
        ({"stream": {"ended": "error", "errors": ["this says: something of yours"]}}, "error"),
        ({"stream": False}, None),
    ],
)
def test_kind_of_error(changed, kind):
    assert error_of(told(**changed)) == kind


@pytest.mark.parametrize(
    ("provider", "api", "name", "operation"),
    [
        ("anthropic", "anthropic-messages", "anthropic", "chat"),
        ("google", "google-generatecontent", "gcp.gen_ai", "generate_content"),
        ("xai", "openai-chat", "x_ai", "chat"),
        ("cerebras", "openai-chat", "cerebras", "chat"),
        (None, None, "_OTHER", "chat"),
    ],
)
def test_provider_and_operation(provider, api, name, operation):
    found = model_of(told(request={"provider": provider, "api": api}))
    assert (found["gen_ai.provider.name"], found["gen_ai.operation.name"]) == (name, operation)


def test_models_of_request_and_answer():
    found = model_of(told(request={"model": "claude"}, stream={"model": "claude-20250929"}))
    assert (found["gen_ai.request.model"], found["gen_ai.response.model"]) == ("claude", "claude-20250929")
    assert "gen_ai.request.model" not in model_of(told(request={"model": None}, stream=False))


@pytest.mark.parametrize(("api", "whole"), [("anthropic-messages", 18), ("openai-chat", 10)])
def test_input_has_cached_tokens_in_it_whatever_the_provider_counts(api, whole):
    tokens = Tokens(input=10, output=4, cache_read=3, cache_write=5)
    assert usage_of(told(request={"api": api}, stream={"tokens": tokens})).input == whole


def test_tokens_that_are_not_known_stay_unknown():
    assert usage_of(told(stream={"tokens": Tokens()})) == usage_of(told(stream=False)) == Tokens()


def test_method_that_nobody_knows():
    assert method_of(told(request={"method": "BREW"})) == "_OTHER" and method_of(told()) == "POST"
