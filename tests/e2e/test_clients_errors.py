"""What goes wrong reaches the official SDKs as the service told it."""

import pytest
from e2e.cases import BROKEN_OFF, CUT, REFUSED, each

pytestmark = pytest.mark.e2e

MESSAGES = {401: "Invalid API key", 402: "Insufficient credits", 429: "Rate limit exceeded", 529: "Overloaded"}
FAILURES = {
    "anthropic": "Overloaded",
    "openai-chat": "The server had an error while processing your request.",
    "openai-responses": "An error occurred while processing the request.",
    "google": "The model is overloaded. Please try again later.",
    "openrouter": "Provider disconnected",
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
    assert seen.told["pieces"] > 0
    assert FAILURES[case.name.partition("/")[0]] in seen.told["error"]["message"]


@each(BROKEN_OFF)
def test_the_error_in_mid_stream_is_one_of_its_events(seen):
    assert (seen["stream.end"]["ended"], seen["flow.end"]["status"]) == ("complete", 200)


@each(CUT)
def test_a_stream_that_is_cut_is_an_error_to_the_sdk_and_truncated_to_us(seen):
    assert seen.told["error"]["message"]
    assert (seen["stream.end"]["ended"], seen["flow.end"]["outcome"]) == ("truncated", "error")
