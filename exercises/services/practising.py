"""One exercise in one session, locked while something happens to it."""

from collections.abc import Callable

from django.utils import timezone

from exercises.models import Exercise, ExerciseState, Practice
from exercises.services.errors import NoSuchExercise
from sessions.models import SEEN_EVERY, LearningSession


def locked(
    exercise_id: int, session_id: str, check: Callable[[Exercise], None] = lambda exercise: None
) -> Practice:
    """The exercise in the session, begun now where it wasn't, locked by the caller's transaction.

    One that is no longer published goes on for those who were served it. *check* may raise, and
    then nothing is begun. Raises `NoSuchExercise`.
    """
    mine = (
        Practice.objects.select_related("exercise", "session")
        .defer("exercise__vector", "exercise__passage")
        .select_for_update(of=("self",))
        .filter(exercise=exercise_id, session__session_id=session_id)
    )
    practice = mine.first()
    if practice is not None:
        check(practice.exercise)
        return practice
    exercise = Exercise.objects.filter(pk=exercise_id, state=ExerciseState.PUBLISHED).first()
    if exercise is None:
        raise NoSuchExercise(exercise_id)
    check(exercise)
    # Who locks both locks the session first, as whoever serves an exercise does.
    session = LearningSession.objects.seen(session_id)
    Practice.objects.get_or_create(session=session, exercise=exercise)
    return mine.get()


def seen(practice: Practice) -> None:
    """Mark the session as seen. Not in a transaction that holds *practice*: see `locked`."""
    now = timezone.now()
    if practice.session.last_seen_at < now - SEEN_EVERY:
        LearningSession.objects.filter(pk=practice.session_id).update(last_seen_at=now)
