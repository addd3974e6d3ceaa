import logging

from support.secrets import SECRET

from amp_addons.addons.once import MAX_SAID, Once

logger = logging.getLogger("once")


def test_each_sentence_is_said_once_and_no_secret(caplog):
    caplog.set_level(logging.INFO)
    say = Once(logger, "here: ")
    for sentence in ("a", "b", "a", f"key {SECRET}"):
        say(sentence, logging.INFO)
    assert caplog.messages == ["amp_addons: here: a.", "amp_addons: here: b.", "amp_addons: here: key ***."]


def test_there_is_an_end_to_it(caplog):
    say = Once(logger, end="")
    for number in range(MAX_SAID + 5):
        say(f"{number}")
    assert len(caplog.messages) == MAX_SAID and caplog.messages[-1] == f"amp_addons: {MAX_SAID - 1}"
