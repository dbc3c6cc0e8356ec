"""Exercises and the record of their proofs."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from pgvector.django import HalfVectorField

from resources.models import Chunk, Level, Resource, Topic


class ExerciseType(models.TextChoices):
    MULTIPLE_CHOICE = "multiple_choice"
    SHORT_ANSWER = "short_answer"
    CLOZE = "cloze"
    CODING = "coding"


class ExerciseState(models.TextChoices):
    DRAFT = "draft"
    PROVEN = "proven", "proven, waits for staff"
    PUBLISHED = "published"
    RETIRED = "retired"


class Source(models.TextChoices):
    BANK = "bank"
    MODEL = "model"
    STAFF = "staff"


class ExerciseQuerySet(models.QuerySet["Exercise"]):
    def published(self) -> "ExerciseQuerySet":
        return self.filter(state=ExerciseState.PUBLISHED)


class Exercise(models.Model):
    """One exercise. `content` holds the key (exercises.content): it never leaves the server whole.

    draft → proven (its proof holds, staff are to look at it) → published → retired.
    """

    slug = models.SlugField(max_length=80, unique=True)
    type = models.CharField(max_length=16, choices=ExerciseType)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="exercises")
    level = models.CharField(max_length=16, choices=Level)
    prompt = models.TextField()
    explanation = models.TextField()
    hints = ArrayField(models.TextField(), size=3)
    content: "models.JSONField[dict[str, Any]]" = models.JSONField()
    content_hash = models.CharField(max_length=64, editable=False)
    source = models.CharField(max_length=8, choices=Source, default=Source.BANK)
    resource = models.ForeignKey(
        Resource, null=True, blank=True, on_delete=models.SET_NULL, related_name="exercises"
    )
    chunk = models.ForeignKey(
        Chunk, null=True, blank=True, on_delete=models.SET_NULL, related_name="exercises"
    )
    passage = models.TextField(
        blank=True, help_text="What a model was given to make it from; kept if that changes."
    )
    state = models.CharField(
        max_length=16, choices=ExerciseState, default=ExerciseState.DRAFT, db_index=True
    )
    model = models.CharField(max_length=200, blank=True)
    model_digest = models.CharField(max_length=100, blank=True)
    prompt_version = models.CharField(max_length=40, blank=True)
    vector = HalfVectorField(null=True, editable=False, help_text="Of the whole text: for twins.")
    vector_digest = models.CharField(max_length=100, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        indexes = [
            models.Index(
                fields=["type", "topic", "level"],
                condition=models.Q(state="published"),
                name="published_exercises",
            )
        ]

    def __str__(self) -> str:
        return self.slug


class Proof(models.Model):
    """One run of all checks on one exercise, as it was then."""

    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="proofs")
    content_hash = models.CharField(max_length=64)
    passed = models.BooleanField()
    checks: "models.JSONField[list[dict[str, Any]]]" = models.JSONField(
        default=list, help_text="name, passed, detail of each, in order."
    )
    model = models.CharField(max_length=200, blank=True)
    model_digest = models.CharField(max_length=100, blank=True)
    seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {'passed' if self.passed else 'failed'}"
