"""What staff do with exercises: edit, have them proven again, publish, retire."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from exercises import tasks
from exercises.content import content_hash
from exercises.models import Exercise, ExerciseState, Source
from learning_assistant import lanes


@dataclass(frozen=True)
class Published:
    """How many were published, and which have no proof of what they are now."""

    count: int
    unproven: list[str]


@transaction.atomic
def save(exercise: Exercise) -> bool:
    """Store an edited exercise; whether it has to be proven again before a learner sees it.

    A change of the prompt, of a hint or of the key makes the proof worthless: it goes back to
    draft, and a worker proves it. It is the staff's own from now on: `load_bank` leaves it alone.
    """
    before = exercise.content_hash
    exercise.content_hash = content_hash(exercise.prompt, exercise.hints, exercise.content)
    exercise.source = Source.STAFF
    exercise.updated_at = timezone.now()
    exercise.type = exercise.content["type"]
    changed = before != exercise.content_hash
    if changed:
        exercise.state = ExerciseState.DRAFT
        exercise.published_at = None
    exercise.save()
    if changed:
        lanes.enqueue(tasks.prove_exercise, exercise.pk)
    return changed


@transaction.atomic
def publish(exercises: Iterable[Exercise]) -> Published:
    """Those whose latest proof holds of what they are now."""
    ready: list[Exercise] = []
    unproven: list[Exercise] = []
    for exercise in exercises:
        proof = exercise.proofs.first()
        sound = proof and proof.passed and proof.content_hash == exercise.content_hash
        (ready if sound else unproven).append(exercise)
    now = timezone.now()
    count = Exercise.objects.filter(pk__in=[e.pk for e in ready]).update(
        state=ExerciseState.PUBLISHED, published_at=now, updated_at=now
    )
    return Published(count, [exercise.slug for exercise in unproven])


def retire(exercises: Iterable[Exercise]) -> int:
    """No learner gets them any more; what sessions did with them stays."""
    ids = [exercise.pk for exercise in exercises]
    return Exercise.objects.filter(pk__in=ids).update(
        state=ExerciseState.RETIRED, updated_at=timezone.now()
    )


def prove_again(exercises: Iterable[Exercise]) -> int:
    """Queue the checks of each; how many."""
    ids = [exercise.pk for exercise in exercises]
    for pk in ids:
        lanes.enqueue(tasks.prove_exercise, pk)
    return len(ids)
