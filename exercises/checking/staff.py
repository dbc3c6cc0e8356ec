"""Exercises that staff wrote or changed: proven as they stand in the database."""

from django.conf import settings
from django.utils import timezone
from pgvector import HalfVector

from exercises.checking import storing
from exercises.checking.proving import Proven, prove
from exercises.checking.results import check
from exercises.checking.vectors import vector_or_none
from exercises.content import Malformed
from exercises.models import Exercise, ExerciseState, Proof
from learning_assistant import ollama


def prove_row(exercise_id: int) -> Proof | None:
    """Prove an exercise and keep the record; a draft whose proof holds then waits for staff.

    Idempotent. None where the exercise is gone.
    """
    rows = Exercise.objects.select_related("topic", "resource")
    exercise = rows.filter(pk=exercise_id).first()
    if exercise is None:
        return None
    digest = ollama.digest_of(settings.EMBED_MODEL)
    try:
        item = storing.item_of(exercise)
    except Malformed as error:
        return storing.record(exercise, Proven([check("shape", str(error))], 0.0))
    vector = vector_or_none(item)
    proof = storing.record(exercise, prove(item, vector, storing.InDatabase(digest)))
    same = Exercise.objects.filter(pk=exercise_id, content_hash=exercise.content_hash)
    same.update(
        vector=None if vector is None else HalfVector(list(vector)),
        vector_digest=digest if vector is not None else "",
    )
    moved = {ExerciseState.DRAFT: ExerciseState.PROVEN} if proof.passed else {}
    if not proof.passed:  # what is out and no longer holds is taken back
        moved = dict.fromkeys((ExerciseState.PROVEN, ExerciseState.PUBLISHED), ExerciseState.DRAFT)
    for old, new in moved.items():
        same.filter(state=old).update(state=new, updated_at=timezone.now())
    return proof
