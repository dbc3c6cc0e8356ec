"""The doors of the worker: an id in, one call of a maker."""

import logging
import uuid
from typing import Any

from celery import shared_task
from django.conf import settings

from exercises.checking import staff
from exercises.generation import pool
from exercises.grading import attempts, judging
from learning_assistant import lanes, ollama
from learning_assistant.lanes import Caller

logger = logging.getLogger(__name__)


@shared_task(acks_late=False, expires=lanes.BACKLOG_EXPIRES_S)
def grade_attempt(payload: dict[str, Any], reply_key: str, deadline: float) -> None:
    """Somebody waits for it."""
    attempts.answer(uuid.UUID(payload["attempt"]), Caller(reply_key, deadline))


@shared_task(acks_late=True, reject_on_worker_lost=True)
def grade_late(attempt_id: str) -> None:
    """Nobody waits any more, but the answer is kept and its result will be asked for."""
    attempts.grade(uuid.UUID(attempt_id))


@shared_task(acks_late=True)
def grade_pending() -> None:
    """On the schedule: whatever a lost message or a dead worker left behind."""
    for attempt_id in attempts.left_pending():
        lanes.enqueue(grade_late, str(attempt_id))


@shared_task(acks_late=True)
def examine_judge() -> None:
    """On the schedule: whether this model may judge short answers, asked once for each digest."""
    if judging.able(settings.CHAT_MODEL) is not None:
        return
    try:
        judging.examine(settings.CHAT_MODEL)
    except ollama.ModelUnavailable as error:
        logger.warning("the model is not examined as a judge yet: %s", error)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def prove_exercise(exercise_id: int) -> None:
    staff.prove_row(exercise_id)


@shared_task(acks_late=True)
def fill_pool() -> None:
    """On the schedule: a few exercises where some are missing, while nobody asks."""
    pool.fill()
