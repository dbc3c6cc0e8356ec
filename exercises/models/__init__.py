"""Exercises with their proofs, what sessions did with them, and when topics come back."""

from exercises.models.attempts import Attempt, Practice, Review, Verdict
from exercises.models.exercises import Exercise, ExerciseState, ExerciseType, Proof, Source

__all__ = [
    "Attempt",
    "Exercise",
    "ExerciseState",
    "ExerciseType",
    "Practice",
    "Proof",
    "Review",
    "Source",
    "Verdict",
]
