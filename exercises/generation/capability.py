"""May this model make whole exercises, and does its blind re-solve count? Its test.

A dozen choice items of the bank, solved without their key, in both orders of their choices: who
guesses gets one in sixteen. The result is kept for as long as the model is the same, by its digest.
"""

import logging
from collections.abc import Sequence
from functools import cache
from zlib import crc32

from django.conf import settings

from exercises import banking
from exercises.checking.asking import Asker
from exercises.checking.resolve import solved
from exercises.content import Item
from exercises.examined import Examined

logger = logging.getLogger(__name__)

QUESTIONS = 12
MOST_WRONG = 3
FEWEST = 6  # a bank with fewer choice items can't tell

_examined = Examined("solver")
able = _examined.passed  # by digest


def examine(asker: Asker) -> bool:
    """Let *asker* solve the questions, and keep whether it can: seconds to a few minutes.

    Raises `ollama.ModelUnavailable`; then nothing is kept.
    """
    questions = _questions()
    if len(questions) < FEWEST or not asker.digest:
        logger.warning("%s is not examined: %d questions", asker.model, len(questions))
        return False
    passed = _passes(asker, questions)
    _examined.keep(asker.digest, passed)
    return passed


def _passes(asker: Asker, questions: Sequence[Item]) -> bool:
    wrong = 0
    for item in questions:
        wrong += not solved(item, asker)
        if wrong > MOST_WRONG:  # the rest can't save it
            return False
    return True


@cache
def _questions() -> Sequence[Item]:
    """The same ones each time, out of all files of the bank, which takes half a second to read."""
    items = [entry.item for entry in banking.entries(settings.EXERCISE_BANK) if entry.item]
    choices = [item for item in items if item.content.type == "multiple_choice"]
    return sorted(choices, key=lambda item: crc32(item.slug.encode()))[:QUESTIONS]
