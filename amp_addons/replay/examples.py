"""The tests of rule files, those with recorded flows included."""

from collections.abc import Iterator

from amp_addons.core.rules.examples import Difference, run
from amp_addons.core.rules.model import Test
from amp_addons.core.scrub import scrub_text
from amp_addons.rulefiles.rules import RuleSet


def tried(rules: RuleSet) -> Iterator[tuple[Test, list[Difference]]]:
    """Each test, and in what its outcome is not as expected. A flow that is not to be found is a difference."""
    for source, test in rules.tests:
        if test.flow is None:
            yield test, run(rules, test)
            continue
        from amp_addons.replay.captured import Damage
        from amp_addons.replay.choose import NoSuchRequest, choose

        try:
            yield test, run(rules, test, choose(str(source.path.parent / test.flow), None, 1).exchange())
        except (OSError, Damage, NoSuchRequest) as error:
            yield test, [Difference("flow", scrub_text(str(error)), scrub_text(test.flow))]
