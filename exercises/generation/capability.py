"""May this model make whole exercises, and does its blind re-solve count? Its test.

A dozen choice items of the bank, solved without their key, in both orders of their choices: who
guesses gets one in sixteen. The result is kept for as long as the model is the same, by its digest.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from zlib import crc32

import redis
from django.conf import settings

from exercises import banking
from exercises.checking.asking import Asker
from exercises.checking.resolve import solved
from exercises.content import Item
from learning_assistant import broker

logger = logging.getLogger(__name__)

QUESTIONS = 12
MOST_WRONG = 3
FEWEST = 6  # a bank with fewer choice items can't tell
KEY = "la:solver:"
KEPT_S = 30 * 24 * 3600


def able(digest: str) -> bool | None:
    """Whether the model passed its test; None where it was not examined, or nobody remembers."""
    kept = None
    if digest:
        with suppress(redis.exceptions.RedisError):
            kept = broker.client().get(KEY + digest)
    return None if kept is None else kept == "able"


def examine(asker: Asker) -> bool:
    """Let *asker* solve the questions, and keep whether it can: seconds to a few minutes.

    Raises `ollama.ModelUnavailable`; then nothing is kept.
    """
    questions = _questions()
    if len(questions) < FEWEST or not asker.digest:
        logger.warning("%s is not examined: %d questions", asker.model, len(questions))
        return False
    passed = _passes(asker, questions)
    with suppress(redis.exceptions.RedisError):
        broker.client().set(KEY + asker.digest, "able" if passed else "unable", ex=KEPT_S)
    return passed


def _passes(asker: Asker, questions: Sequence[Item]) -> bool:
    wrong = 0
    for item in questions:
        wrong += not solved(item, asker)
        if wrong > MOST_WRONG:  # the rest can't save it
            return False
    return True


def _questions() -> list[Item]:
    """The same ones each time, out of all files of the bank."""
    items = [entry.item for entry in banking.entries(settings.EXERCISE_BANK) if entry.item]
    choices = [item for item in items if item.content.type == "multiple_choice"]
    return sorted(choices, key=lambda item: crc32(item.slug.encode()))[:QUESTIONS]
