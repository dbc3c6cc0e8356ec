"""`POST exercises/{id}/attempts`: the answer is kept first, then graded, here or by a worker."""

import hashlib
import time
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from exercises import marking, presenting, recording, tasks
from exercises.content import ChoiceContent, ClozeContent, read_content
from exercises.marks import Mark
from exercises.models import Attempt, Exercise, ExerciseType, Practice, Verdict
from exercises.services import practising
from exercises.services.errors import KeyReused, NoSuchAttempt, StillInFlight
from learning_assistant import arrival, lanes
from learning_assistant.asking import Asking
from learning_assistant.fields import TOO_LONG
from learning_assistant.views import LAST_S

LONGEST = {
    ExerciseType.CODING: 10_000,
    ExerciseType.SHORT_ANSWER: 2_000,
    ExerciseType.CLOZE: 400,
    ExerciseType.MULTIPLE_CHOICE: 400,
}
KEY_VALID = timedelta(hours=24)
# Of the deadline, to queue what was not graded in time and to answer.
TO_RETURN_S = 0.15


def submit(exercise_id: int, session_id: str, answer: str, key: str | None) -> dict[str, Any]:
    """The outcome, its verdict "pending" where no worker graded it within the deadline.

    *key* is the request's Idempotency-Key. Raises `ValidationError`, `NoSuchExercise`, `KeyReused`
    or `StillInFlight`.
    """
    started = time.monotonic()
    with transaction.atomic():
        practice = practising.locked(exercise_id, session_id, lambda e: _check(e, answer))
        attempt, is_new = _begun(practice, answer, key)
        if is_new:
            # What is marked by its key alone is kept together with its mark, else it is pending.
            mark = _mark_at_once(practice.exercise, answer)
            if mark is not None:
                recording.apply(attempt, mark)
            attempt.save(force_insert=True)
    practising.seen(practice)
    told = presenting.outcome(attempt)
    if is_new and attempt.verdict == Verdict.PENDING:
        told = _ask_worker(attempt, settings.DEADLINE_S - (time.monotonic() - started))
    return told | {"took_ms": round((time.monotonic() - started) * 1000)}


def result(exercise_id: int, attempt_id: uuid.UUID, session_id: str) -> dict[str, Any]:
    """The outcome of an earlier attempt. Raises `NoSuchAttempt`."""
    started = time.monotonic()
    attempt = (
        Attempt.objects.select_related("practice__exercise")
        .filter(
            pk=attempt_id,
            practice__exercise=exercise_id,
            practice__session__session_id=session_id,
        )
        .first()
    )
    if attempt is None:
        raise NoSuchAttempt
    told = presenting.outcome(attempt)
    return told | {"took_ms": round((time.monotonic() - started) * 1000)}


def _check(exercise: Exercise, answer: str) -> None:
    limit = LONGEST[ExerciseType(exercise.type)]
    if len(answer) > limit:
        detail = TOO_LONG % {"limit_value": limit, "show_value": len(answer)}
        raise ValidationError({"answer": [detail]}, code="too_long_for_type")
    content = read_content(exercise.content)
    if isinstance(content, ChoiceContent):
        try:
            marking.chosen(exercise.slug, content, answer)
        except marking.NoSuchChoice as error:
            raise ValidationError({"answer": [str(error)]}, code="no_such_choice") from error


def _begun(practice: Practice, answer: str, key: str | None) -> tuple[Attempt, bool]:
    """The attempt that the same *key* has begun before, or a new one, and whether it is new.

    The lock on *practice* keeps out another request with the key.
    """
    request_hash = hashlib.sha256(answer.encode()).hexdigest()
    if key is not None:
        mine = Attempt.objects.filter(practice=practice, idempotency_key=key)
        # An old key may be used again.
        mine.filter(created_at__lt=timezone.now() - KEY_VALID).update(idempotency_key=None)
        earlier = mine.first()
        if earlier is not None:
            return _again(earlier, practice, request_hash), False
    made = Attempt(
        practice=practice,
        answer=answer,
        hints_taken=practice.hints_taken,
        idempotency_key=key,
        request_hash=request_hash,
    )
    return made, True


def _again(earlier: Attempt, practice: Practice, request_hash: str) -> Attempt:
    if earlier.request_hash != request_hash:
        raise KeyReused
    answer_within = timedelta(seconds=max(settings.DEADLINE_S, LAST_S))
    # One of a time to come was sent before this host's clock was set back.
    age = abs(timezone.now() - earlier.created_at)
    if earlier.verdict == Verdict.PENDING and age < answer_within:
        raise StillInFlight
    earlier.practice = practice
    return earlier


def _mark_at_once(exercise: Exercise, answer: str) -> Mark | None:
    """What needs neither a model nor a sandbox."""
    content = read_content(exercise.content)
    if isinstance(content, ChoiceContent):
        return marking.mark_choice(exercise.slug, content, answer)
    if isinstance(content, ClozeContent):
        return marking.mark_cloze(content, answer)
    return None


def _ask_worker(attempt: Attempt, seconds: float) -> dict[str, Any]:
    if arrival.current().crowded:  # others wait for this thread: it is graded in a moment
        lanes.enqueue(tasks.grade_late, str(attempt.pk))
        return presenting.outcome(attempt)
    payload = {"attempt": str(attempt.pk)}
    asking = Asking(tasks.grade_attempt, payload, can_do_without=False)
    reply = asking.reply_within(seconds - TO_RETURN_S)
    if reply is not None:
        return reply
    if not asking.missing:  # without the broker the schedule finds it
        lanes.enqueue(tasks.grade_late, str(attempt.pk))
    return presenting.outcome(attempt)
