"""The doors of the worker: an id in, one call of a maker."""

import uuid

from celery import shared_task
from django.conf import settings

from exercises.checking import staff
from exercises.generation import pool
from exercises.grading import attempts, judging
from learning_assistant import lanes
from learning_assistant.lanes import Caller


@shared_task(acks_late=False)
def grade_attempt(reply_key: str, deadline: float) -> None:
    """Somebody waits for it."""
    caller = Caller(reply_key, deadline)
    if question := caller.question():
        attempts.answer(uuid.UUID(question["attempt"]), caller)


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
    judging.examine_once(settings.CHAT_MODEL)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def prove_exercise(exercise_id: int) -> None:
    staff.prove_row(exercise_id)


@shared_task(acks_late=True)
def fill_pool() -> None:
    """On the schedule: a few exercises where some are missing, while nobody asks."""
    pool.fill()
