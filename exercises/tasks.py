"""The doors of the worker: an id or a payload in, one call of a maker."""

from celery import shared_task

from exercises.checking import staff


@shared_task(acks_late=True, reject_on_worker_lost=True)
def prove_exercise(exercise_id: int) -> None:
    staff.prove_row(exercise_id)
