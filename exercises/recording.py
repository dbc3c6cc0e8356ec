"""What a mark changes: the attempt, the exercise in its session, and when its topic comes back.

One transaction, for the web process and the worker alike; a second mark of the same attempt
changes nothing.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from exercises import scheduling
from exercises.marks import Mark
from exercises.models import Attempt, ExerciseType, Practice, Review, Verdict
from exercises.scheduling import Result
from learning_assistant import metrics
from resources.models import Level

FAILS_UNTIL_SOLUTION = 3


@dataclass(frozen=True)
class Standing:
    """What an attempt or a look at the solution left behind."""

    counted: bool  # in the session's mastery and reviews
    over: bool  # the solution may be shown
    next_review: str | None


def settle(attempt_id: uuid.UUID, mark: Mark) -> Attempt:
    """The attempt with *mark* on it, or as it was where it has been graded before."""
    with transaction.atomic():
        attempt = (
            Attempt.objects.select_related("practice__exercise")
            .defer("practice__exercise__vector", "practice__exercise__passage")
            .select_for_update(of=("self", "practice"))
            .get(pk=attempt_id)
        )
        if attempt.verdict == Verdict.PENDING:
            apply(attempt, mark)
            attempt.save()
    return attempt


def apply(attempt: Attempt, mark: Mark) -> None:
    """Put *mark* on an attempt that is not saved yet; what it changes elsewhere is saved.

    Its practice is locked by the caller's transaction.
    """
    attempt.verdict = mark.verdict
    metrics.GRADED.add(str(attempt.practice.exercise.type), str(mark.verdict))
    if mark.score is not None:
        left = scheduling.score_left(attempt.hints_taken)
        attempt.score = round(min(max(mark.score, 0.0), 1.0) * left, 3)
    attempt.feedback, attempt.feedback_source = mark.feedback, mark.feedback_source
    attempt.model, attempt.model_digest = mark.model, mark.model_digest
    attempt.timings, attempt.graded_at = mark.timings, timezone.now()
    attempt.details = mark.details | asdict(_count(attempt))


def reveal(practice: Practice) -> Standing:
    """The solution is shown: an exercise that is not over yet counts as not solved.

    *practice* is locked by the caller's transaction.
    """
    if is_over(practice):
        return Standing(False, True, _next_review(practice))
    now = timezone.now()
    practice.revealed_at = now
    practice.save(update_fields=["revealed_at"])
    result = _result(practice, Verdict.FAILED, 0.0, practice.hints_taken)
    return Standing(True, True, _reviewed(practice, result, now))


def is_over(practice: Practice) -> bool:
    """Whether it was solved, or its solution shown, since it was served last."""
    ends = (practice.solved_at, practice.revealed_at)
    return any(end is not None and end >= practice.served_at for end in ends)


def _count(attempt: Attempt) -> Standing:
    """The attempt's effect on its session: none once the exercise is over, or when ungraded."""
    practice, now = attempt.practice, timezone.now()
    over, passed = is_over(practice), attempt.verdict == Verdict.PASSED
    if over or attempt.verdict == Verdict.UNGRADED:
        return Standing(False, over or passed, _next_review(practice))
    verdict = Verdict(attempt.verdict)
    result = _result(practice, verdict, attempt.score, attempt.hints_taken)
    next_review = _reviewed(practice, result, now)
    if passed:
        practice.solved_at = now
    else:
        practice.failed_attempts += 1
        if practice.failed_attempts >= FAILS_UNTIL_SOLUTION:
            practice.revealed_at = now
    practice.save(update_fields=["solved_at", "failed_attempts", "revealed_at"])
    return Standing(True, is_over(practice), next_review)


def _result(practice: Practice, verdict: Verdict, score: float | None, hints: int) -> Result:
    return Result(
        verdict=verdict,
        score=score,
        level=Level(practice.exercise.level),
        type=ExerciseType(practice.exercise.type),
        hints_taken=hints,
        failed_before=practice.failed_attempts,
    )


def _reviewed(practice: Practice, result: Result, now: datetime) -> str | None:
    """When the topic is due after *result*, which is recorded."""
    mine = Review.objects.filter(
        session=practice.session_id, topic=practice.exercise.topic_id
    ).select_for_update()
    review = mine.first()
    if review is None:
        Review.objects.get_or_create(
            session_id=practice.session_id,
            topic_id=practice.exercise.topic_id,
            defaults={"due": now},
        )
        review = mine.get()
    changed = scheduling.reviewed(review, result, now)
    if changed:
        Review.objects.filter(pk=review.pk).update(**changed)
    due: datetime = changed.get("due", review.due)
    return due.isoformat()


def _next_review(practice: Practice) -> str | None:
    reviews = Review.objects.filter(session=practice.session_id, topic=practice.exercise.topic_id)
    due = reviews.values_list("due", flat=True).first()
    return due.isoformat() if due else None
