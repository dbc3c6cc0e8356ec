"""What the endpoints under `sessions` give."""

from typing import Any

from rest_framework import serializers

from learning_assistant.fields import StrictSerializer
from sessions import progress


class NewSession(StrictSerializer):
    """Nothing: an empty object, or no body at all."""


class IssuedSession(serializers.Serializer[Any]):
    session_id = serializers.UUIDField(help_text="Use it wherever a `session_id` is asked for.")
    secret = serializers.CharField(help_text="Shown once; it opens what the session has stored.")


class Progress(serializers.Serializer[Any]):
    """Of the session itself, and what each app adds to it."""

    session_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | progress.fields()
