"""Streams reach the official SDKs while they are under way, and end when the client has gone."""

import pytest
from e2e.cases import LEFT, PACED, each

pytestmark = pytest.mark.e2e


@each(PACED)
def test_the_first_piece_arrives_before_the_last_is_sent(seen):
    assert seen.sent_at_first < seen.sent.sent


@each(LEFT)
def test_what_was_sent_arrives_though_no_more_follows(seen, case):
    """The service stands still in mid-stream until the client, having had a piece, leaves."""
    assert seen.told["pieces"] > 0
    assert "answer" not in seen.told


@each(LEFT)
def test_a_client_that_leaves_is_told(seen):
    assert (seen["stream.end"]["ended"], seen["flow.end"]["outcome"]) == ("aborted", "aborted")
