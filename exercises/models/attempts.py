"""What sessions did with exercises, and when their topics come back."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from exercises.models.exercises import Exercise
from resources.models import Topic
from sessions.models import LearningSession

KEY_LENGTH = 128


class Practice(models.Model):
    """One exercise in one session: when it was served, hints taken, how it ended."""

    session = models.ForeignKey(LearningSession, on_delete=models.CASCADE, related_name="practice")
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="practice")
    first_served_at = models.DateTimeField(default=timezone.now, editable=False)
    served_at = models.DateTimeField(default=timezone.now, editable=False, help_text="Last.")
    hints_taken = models.PositiveSmallIntegerField(default=0)
    failed_attempts = models.PositiveSmallIntegerField(default=0)
    solved_at = models.DateTimeField(null=True, editable=False)
    revealed_at = models.DateTimeField(
        null=True, editable=False, help_text="The solution was shown before it was solved."
    )

    class Meta:
        ordering = ["-served_at"]
        constraints = [
            models.UniqueConstraint(fields=["session", "exercise"], name="one_practice_each")
        ]

    def __str__(self) -> str:
        return f"{self.exercise} in {self.session}"


class Verdict(models.TextChoices):
    PENDING = "pending"
    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"
    UNGRADED = "ungraded", "can't be graded here; counts neither way"


class Attempt(models.Model):
    """One answer and what came of it. Stored before it is graded: a worker that dies loses none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="attempts")
    answer = models.TextField()
    verdict = models.CharField(max_length=16, choices=Verdict, default=Verdict.PENDING)
    score = models.FloatField(null=True, help_text="0 to 1, hints taken off; null while ungraded.")
    feedback = models.TextField(blank=True)
    feedback_source = models.CharField(max_length=16, blank=True)
    details: "models.JSONField[dict[str, Any]]" = models.JSONField(
        default=dict, help_text="Tests of code, points of a rubric."
    )
    hints_taken = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="How often its grading was begun: what breaks each time ends ungraded."
    )
    idempotency_key = models.CharField(max_length=KEY_LENGTH, null=True)
    request_hash = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=200, blank=True)
    model_digest = models.CharField(max_length=100, blank=True)
    timings: "models.JSONField[dict[str, float]]" = models.JSONField(
        default=dict, help_text="Milliseconds by stage."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    graded_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "idempotency_key"], name="one_attempt_a_key"
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(verdict="pending"),
                name="pending_attempts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.verdict}"


class Review(models.Model):
    """When a topic comes back in one session: the card of FSRS (exercises.scheduling)."""

    session = models.ForeignKey(LearningSession, on_delete=models.CASCADE, related_name="reviews")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="reviews")
    state = models.PositiveSmallIntegerField(default=1, help_text="1 learning, 2 review, 3 again.")
    step = models.PositiveSmallIntegerField(null=True)
    stability = models.FloatField(null=True, help_text="Days until recall falls to 90 %.")
    difficulty = models.FloatField(null=True, help_text="1 to 10.")
    due = models.DateTimeField(default=timezone.now)
    last_review = models.DateTimeField(null=True)
    mastery = models.FloatField(default=0, help_text="0 to 1 (exercises.scheduling).")

    class Meta:
        ordering = ["due"]
        constraints = [
            models.UniqueConstraint(fields=["session", "topic"], name="one_review_a_topic")
        ]

    def __str__(self) -> str:
        return f"{self.topic} in {self.session}, due {self.due:%Y-%m-%d}"
