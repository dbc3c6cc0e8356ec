"""Who learns, and what they asked."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

SESSION_ID_LENGTH = 128
# A session that was seen so lately is not marked again: half of all writes would be that, and
# requests of one session would wait for each other's commits.
SEEN_EVERY = timedelta(minutes=1)

_SEEN = """
INSERT INTO learning_sessions_learningsession (session_id, created_at, last_seen_at, secret_hash)
VALUES (%(session_id)s, %(now)s, %(now)s, '')
ON CONFLICT (session_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
RETURNING id, session_id, created_at, last_seen_at, secret_hash"""
# Kept from being deleted until the end of the transaction; others of the same id don't wait.
_SEEN_LATELY = """
SELECT id, session_id, created_at, last_seen_at, secret_hash
FROM learning_sessions_learningsession
WHERE session_id = %(session_id)s AND last_seen_at > %(lately)s
FOR KEY SHARE"""


class LearningSessionQuerySet(models.QuerySet["LearningSession"]):
    def seen(self, session_id: str) -> "LearningSession":
        """The session of this id, made on its first request, marked as seen where it wasn't lately.

        Inside a transaction it can't be deleted until the end of it.
        """
        now = timezone.now()
        values = {"session_id": session_id, "now": now, "lately": now - SEEN_EVERY}
        lately = next(iter(self.raw(_SEEN_LATELY, values)), None)
        return lately or next(iter(self.raw(_SEEN, values)))


class LearningSession(models.Model):
    """A learner's session, under an id that the client chose or that was issued with a secret."""

    session_id = models.CharField(max_length=SESSION_ID_LENGTH, unique=True)
    secret_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256; empty unless issued."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LearningSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.session_id


class Interaction(models.Model):
    """One query and its answer. The learner's words stand here and nowhere else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        LearningSession, on_delete=models.CASCADE, related_name="interactions"
    )
    query = models.TextField()
    filters: "models.JSONField[dict[str, str]]" = models.JSONField(default=dict)
    results: "models.JSONField[list[dict[str, Any]]]" = models.JSONField(
        default=list, help_text="Resource id, score and the score of each leg, in order."
    )
    relaxed = ArrayField(models.CharField(max_length=16), default=list)
    advice = models.TextField(blank=True)
    advice_source = models.CharField(max_length=16, blank=True)
    degraded = models.BooleanField(default=False)
    degraded_reasons = ArrayField(models.CharField(max_length=16), default=list)
    model = models.CharField(max_length=200, blank=True)
    model_digest = models.CharField(max_length=100, blank=True)
    index_version_id = models.BigIntegerField(null=True)
    timings: "models.JSONField[dict[str, float]]" = models.JSONField(
        default=dict, help_text="Milliseconds by stage."
    )
    took_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.query[:60]}"
