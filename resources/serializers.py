"""What `POST resources` takes and gives."""

from typing import Any

from rest_framework import serializers

from learning_assistant.fields import StrictSerializer, Text, WholeNumber, Word
from resources.models import Kind, Level, Topic
from resources.models.catalogue import TOPIC_LENGTH
from sessions.models import SESSION_ID_LENGTH

QUERY_LENGTH = 500


class ResourceQuery(StrictSerializer):
    query = Text(max_length=QUERY_LENGTH, help_text="What the learner wants to learn.")
    session_id = Text(
        max_length=SESSION_ID_LENGTH, help_text="The client's own id of the learner's session."
    )
    limit = WholeNumber(min_value=3, max_value=10, default=5, help_text="How many resources.")
    level = Word(choices=Level.choices, required=False)
    kind = Word(choices=Kind.choices, required=False)
    topic = Text(
        max_length=TOPIC_LENGTH,
        required=False,
        help_text="The slug of a topic; those below it count too.",
    )

    def validate_topic(self, slug: str) -> str:
        if not Topic.objects.filter(slug=slug).exists():
            raise serializers.ValidationError(f"there is no topic {slug!r}", code="unknown_topic")
        return slug


class SuggestedResource(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.URLField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    level = serializers.ChoiceField(choices=Level.choices, allow_null=True)
    topics = serializers.ListField(child=serializers.SlugField())
    authors = serializers.ListField(child=serializers.CharField())
    year = serializers.IntegerField(allow_null=True)
    summary = serializers.CharField()
    reason = serializers.CharField(help_text="Why it fits this query.")
    reason_source = serializers.ChoiceField(
        choices=["model", "curator", "match"], help_text="Who wrote the reason."
    )
    score = serializers.FloatField(
        help_text="0 to 1 by the filters it was found with; says nothing across answers."
    )


class Suggestions(serializers.Serializer[Any]):
    resources = SuggestedResource(many=True)
    advice = serializers.CharField(help_text="One sentence on where to start.")
    advice_source = serializers.ChoiceField(choices=["model", "template"])
    degraded = serializers.BooleanField(help_text="Whether a part was missing.")
    degraded_reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=["embedding", "model", "queue", "catalogue"]),
        help_text="The parts that were missing.",
    )
    relaxed = serializers.ListField(
        child=serializers.ChoiceField(choices=["level", "kind", "topic"]),
        help_text="The filters given up to reach three resources.",
    )
    searched_for = serializers.CharField(
        allow_null=True, help_text="The query with its typing errors mended; null without any."
    )
    session_id = serializers.CharField()
    query_id = serializers.UUIDField()
    model = serializers.CharField(help_text="The model asked for advice; empty where none was.")
    took_ms = serializers.IntegerField()
