"""What goes wrong reaches the official SDKs as the service told it."""

import pytest
from e2e.cases import BROKEN_OFF, CUT, REFUSED, each

pytestmark = pytest.mark.e2e

MESSAGES = {401: "Invalid API key", 402: "Insufficient credits", 429: "Rate limit exceeded", 529: "Overloaded"}
# What each service says in mid-stream, and the type of the event that it says it in.
FAILURES = {
    "anthropic": ("Overloaded", "error"),
    "openai-chat": ("The server had an error while processing your request.", "message"),
    "openai-responses": ("An error occurred while processing the request.", "error"),
    "google": ("The model is overloaded. Please try again later.", "message"),
    "openrouter": ("Provider disconnected", "chat.completion.chunk"),
}


@each(REFUSED)
def test_the_sdk_shows_the_status_and_the_message(seen, case):
    status = case.options["error"]
    assert seen.told["error"]["status"] == status
    assert MESSAGES[status] in seen.told["error"]["message"]


@each(REFUSED)
def test_an_error_is_an_answer_and_no_stream(seen, case):
    assert (seen["flow.end"]["status"], seen["flow.end"]["outcome"]) == (case.options["error"], "ok")
    assert not seen.all("stream.end")


@each(BROKEN_OFF)
def test_the_sdk_shows_the_error_in_mid_stream(seen, case):
    message, kind = FAILURES[case.way_name]
    assert seen.told["pieces"] > 0
    assert message in seen.told["error"]["message"]
    assert kind in seen["stream.end"]["events"]
    assert seen["flow.end"]["status"] == 200


@each(CUT)
def test_a_stream_that_is_cut_is_an_error_to_the_sdk_and_truncated_to_us(seen):
    assert seen.told["error"]["message"]
    assert (seen["stream.end"]["ended"], seen["flow.end"]["outcome"]) == ("truncated", "error")
