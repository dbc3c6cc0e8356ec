"""The worker's side of an attempt: it is marked by its type, and the mark is recorded."""

import logging
import uuid
from datetime import timedelta

from django.db import DatabaseError, close_old_connections
from django.db.models import F, Q
from django.utils import timezone

from exercises import marking, presenting, recording
from exercises.content import ChoiceContent, ClozeContent, CodingContent, read_content
from exercises.grading import coding, short
from exercises.marks import Mark
from exercises.models import Attempt, ExerciseType, Verdict
from learning_assistant import lanes, metrics
from learning_assistant.lanes import Caller
from learning_assistant.postgresql.base import brief, time_limit

logger = logging.getLogger(__name__)

# Whoever waits has given up so long before the deadline; less than this is not worth a start.
TO_RETURN_S = 0.2
TO_GRADE_S = 0.1
# What grading may take where nobody waits, and what PostgreSQL may take beside it.
UNHURRIED_S = 10.0
DATABASE_S = 2.0
# An attempt whose grading broke so often, perhaps with the worker, ends ungraded.
MOST_TRIES = 4
# Younger ones may still be under way on the interactive lane.
PENDING_AFTER_S = 10.0
AT_ONCE = 100
SOURCES = {ExerciseType.CODING: "tests", ExerciseType.SHORT_ANSWER: "rubric"}


def answer(attempt_id: uuid.UUID, caller: Caller) -> None:
    """Grade the attempt and reply with its outcome, in time or not at all."""
    seconds = caller.seconds_left() - TO_RETURN_S
    if seconds < TO_GRADE_S:
        metrics.LATE.add(lanes.INTERACTIVE)
        return  # whoever asked has queued it on the durable lane, or is about to
    try:
        graded = grade(attempt_id, seconds)
    except DatabaseError as error:
        close_old_connections()
        logger.warning("attempt %s stays pending: %s", attempt_id, brief(error))
        return
    if graded is not None:
        caller.reply(presenting.outcome(graded))


def grade(attempt_id: uuid.UUID, seconds: float = UNHURRIED_S) -> Attempt | None:
    """The attempt, graded now or before; None where its session was erased meanwhile."""
    with time_limit(seconds + DATABASE_S):
        attempt = (
            Attempt.objects.select_related("practice__exercise__topic")
            .filter(pk=attempt_id)
            .first()
        )
        if attempt is None or attempt.verdict != Verdict.PENDING:
            return attempt
        Attempt.objects.filter(pk=attempt_id).update(tries=F("tries") + 1)
        if attempt.tries >= MOST_TRIES:
            source = SOURCES.get(ExerciseType(attempt.practice.exercise.type), marking.KEY)
            mark = Mark(Verdict.UNGRADED, None, presenting.UNGRADABLE, source)
        else:
            mark = _mark(attempt, seconds)
        return recording.settle(attempt_id, mark)


def _mark(attempt: Attempt, seconds: float) -> Mark:
    exercise = attempt.practice.exercise
    content = read_content(exercise.content)
    if isinstance(content, ChoiceContent):
        return marking.mark_choice(exercise.slug, content, attempt.answer)
    if isinstance(content, ClozeContent):
        return marking.mark_cloze(content, attempt.answer)
    if isinstance(content, CodingContent):
        return coding.mark(content, attempt.answer)
    return short.mark(content, exercise.prompt, attempt.answer, seconds=seconds)


def left_pending() -> list[uuid.UUID]:
    """Attempts that nobody seems to be grading, the oldest first."""
    now, young = timezone.now(), timedelta(seconds=PENDING_AFTER_S)
    # Of a time to come: the web host's clock or this one's was set meanwhile.
    under_way = Q(created_at__range=(now - young, now + young))
    pending = Attempt.objects.filter(~under_way, verdict=Verdict.PENDING)
    return list(pending.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
