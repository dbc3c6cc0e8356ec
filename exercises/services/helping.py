"""`POST exercises/{id}/hints` and `…/solution`: help, and what it costs."""

import time
from typing import Any

from django.db import transaction

from exercises import presenting, recording, scheduling
from exercises.services import practising


def hint(exercise_id: int, session_id: str) -> dict[str, Any]:
    """The next hint; after the last one the last again, which costs nothing.

    Raises `NoSuchExercise`.
    """
    started = time.monotonic()
    with transaction.atomic():
        practice = practising.locked(exercise_id, session_id)
        hints = practice.exercise.hints
        step = min(practice.hints_taken + 1, len(hints))
        if step > practice.hints_taken:
            practice.hints_taken = step
            practice.save(update_fields=["hints_taken"])
    practising.seen(practice)
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
    with transaction.atomic():
        practice = practising.locked(exercise_id, session_id)
        solved = practice.solved_at is not None and practice.solved_at >= practice.served_at
        standing = recording.reveal(practice)
    practising.seen(practice)
    return presenting.solution(practice.exercise) | {
        "solved": solved,
        "counted": standing.counted,
        "next_review": standing.next_review,
        "took_ms": round((time.monotonic() - started) * 1000),
    }
