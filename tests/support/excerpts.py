"""Excerpts as the views make them."""

from amp_addons.render.excerpt import Excerpts
from amp_addons.report.clean import Cleaner
from support.secrets import redactor


def excerpts(budget: int = 1 << 20) -> Excerpts:
    cleaner = Cleaner(redactor())
    return Excerpts(lambda text: cleaner.text(text, len(text) + 100, 0), cleaner.arguments, budget)
