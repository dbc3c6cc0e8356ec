"""`POST exercises/{id}/hints` and `…/solution`: help, and what it costs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from exercises import presenting, recording, scheduling
from exercises.models import Practice
from exercises.services.attempts import practising


@contextmanager
def _locked(exercise_id: int, session_id: str) -> Iterator[Practice]:
    """The exercise in the session, locked until the end of the block."""
    practice = practising(exercise_id, session_id)
    with transaction.atomic():
        yield (
            Practice.objects.select_related("exercise__topic")
            .select_for_update(of=("self",))
            .get(pk=practice.pk)
        )


def hint(exercise_id: int, session_id: str) -> dict[str, Any]:
    """The next hint; after the last one the last again, which costs nothing.

    Raises `NoSuchExercise`.
    """
    started = time.monotonic()
    with _locked(exercise_id, session_id) as practice:
        hints = practice.exercise.hints
        step = min(practice.hints_taken + 1, len(hints))
        if step > practice.hints_taken:
            practice.hints_taken = step
            practice.save(update_fields=["hints_taken"])
    return {
        "hint": hints[step - 1] if hints else "",
        "step": step,
        "of": len(hints),
        "score_left": scheduling.score_left(practice.hints_taken),
        "took_ms": round((time.monotonic() - started) * 1000),
    }


def solution(exercise_id: int, session_id: str) -> dict[str, Any]:
    """The solution and why; an exercise that is not over counts as not solved.

    Raises `NoSuchExercise`.
    """
    started = time.monotonic()
    with _locked(exercise_id, session_id) as practice:
        solved = practice.solved_at is not None and practice.solved_at >= practice.served_at
        standing = recording.reveal(practice)
    return presenting.solution(practice.exercise) | {
        "solved": solved,
        "counted": standing.counted,
        "next_review": standing.next_review,
        "took_ms": round((time.monotonic() - started) * 1000),
    }
