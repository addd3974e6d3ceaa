"""What is said of the traffic in the log: each sentence once, and no more of them than anybody reads."""

import logging

from amp_addons.core.scrub import scrub_text

MAX_SAID = 1000
"""Sentences, each once; what would be said after them is not."""


class Once:
    """`log` gets each sentence once, between `prefix` and `end`, secrets masked."""

    def __init__(self, log: logging.Logger, prefix: str = "", end: str = ".") -> None:
        self._log, self._prefix, self._end = log, prefix, end
        self._said: set[str] = set()

    def __call__(self, sentence: str, level: int = logging.WARNING) -> None:
        if sentence not in self._said and len(self._said) < MAX_SAID:
            self._said.add(sentence)
            self._log.log(level, "amp_addons: %s%s%s", self._prefix, scrub_text(sentence), self._end)
