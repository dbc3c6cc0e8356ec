"""What `POST resources` and `POST search` take and give."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from learning_assistant.fields import StrictSerializer, Text, WholeNumber, Word
from resources.models import Document, Kind, Level, Topic
from resources.models.catalogue import TOPIC_LENGTH
from resources.models.documents import PATH_LENGTH, SOURCE_LENGTH
from resources.ranking import Filters, NothingLeft, Scope
from sessions.models import SESSION_ID_LENGTH

QUERY_LENGTH = 500
TOPIC_HELP = "The slug of a topic; those below it count too."


class Narrowing(StrictSerializer):
    """A question with filters. Refuses fields that it doesn't know, so that a misspelt filter is
    not silently ignored."""

    def validate_topic(self, slug: str) -> str:
        if not Topic.objects.filter(slug=slug).exists():
            raise serializers.ValidationError(f"there is no topic {slug!r}", code="unknown_topic")
        return slug

    @property
    def filters(self) -> Filters:
        """Those of the valid question."""
        return _filters(self.validated_data)


def _filters(values: dict[str, Any]) -> Filters:
    return Filters(**{name: values[name] for name in vars(Filters()) if name in values})


class ResourceQuery(Narrowing):
    query = Text(max_length=QUERY_LENGTH, help_text="What the learner wants to learn.")
    session_id = Text(
        max_length=SESSION_ID_LENGTH, help_text="The client's own id of the learner's session."
    )
    limit = WholeNumber(min_value=3, max_value=10, default=5, help_text="How many resources.")
    level = Word(choices=Level.choices, required=False)
    kind = Word(choices=Kind.choices, required=False)
    topic = Text(max_length=TOPIC_LENGTH, required=False, help_text=TOPIC_HELP)


class SearchQuery(Narrowing):
    """Level, kind and topic are of resources, source and path of documents: a filter leaves only
    what has it. Refuses fields that it doesn't know."""

    query = Text(max_length=QUERY_LENGTH, help_text="What is looked for.")
    limit = WholeNumber(min_value=1, max_value=50, default=10, help_text="At most so many results.")
    scope = Word(choices=[s.value for s in Scope], default=Scope.ALL.value)
    level = Word(choices=Level.choices, required=False)
    kind = Word(choices=Kind.choices, required=False)
    topic = Text(max_length=TOPIC_LENGTH, required=False, help_text=TOPIC_HELP)
    source = Text(  # type: ignore[assignment]  # DRF's own name
        max_length=SOURCE_LENGTH, required=False, help_text="The name of a tree of documents."
    )
    path = Text(
        max_length=PATH_LENGTH, required=False, help_text="What `document_path` begins with."
    )

    def validate_source(self, source: str) -> str:
        if not Document.objects.filter(source=source).exists():
            raise serializers.ValidationError(
                f"there is no tree of documents {source!r}", code="unknown_source"
            )
        return source

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            Scope(attrs["scope"]).narrowed(_filters(attrs))
        except NothingLeft as error:
            raise serializers.ValidationError(
                {error.name: [str(error)]}, code="nothing_left"
            ) from error
        return attrs


def _highlights() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(min_value=0), min_length=2, max_length=2
        ),
        help_text=(
            "Where `reason` matches the query: `[start, end)` in code points, in order, none "
            "overlapping; in JavaScript `[...reason].slice(start, end)`. `reason` is plain text: "
            "escape it as any other."
        ),
    )


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
    reason_highlights = _highlights()
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


class Scores(serializers.Serializer[Any]):
    dense = serializers.FloatField(
        allow_null=True,
        help_text="Cosine similarity; null where query or result is not embedded.",
    )
    lexical = serializers.FloatField(help_text="BM25.")


class ResourceResult(SuggestedResource):
    """A resource of the catalogue; what only documents have is null."""

    type = serializers.ChoiceField(choices=["resource"])
    document_path = serializers.CharField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # DRF's own name
    heading_path = serializers.CharField(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    scores = Scores()


class DocumentResult(serializers.Serializer[Any]):
    """A passage of a document; `id` and `position` together name it."""

    type = serializers.ChoiceField(choices=["document"])
    id = serializers.IntegerField(help_text="Of the document.")
    title = serializers.CharField()
    url = serializers.URLField(allow_null=True, help_text="Null: a document has a path.")
    document_path = serializers.CharField(help_text="From the top of its tree.")
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's own name
        help_text="The name of its tree."
    )
    heading_path = serializers.CharField(help_text="The headings above, as `Backend › Pipeline`.")
    position = serializers.IntegerField(help_text="From 0, in the order of the document.")
    content = serializers.CharField(help_text="The whole passage, in Markdown.")
    metadata = serializers.DictField(help_text="The document's front matter.")
    reason = serializers.CharField(help_text="The sentence or line of it nearest to the query.")
    reason_source = serializers.ChoiceField(choices=["passage"])
    reason_highlights = _highlights()
    score = serializers.FloatField(help_text="0 to 1; says nothing across answers.")
    scores = Scores()


class SearchedVersion(serializers.Serializer[Any]):
    """The version of the index that was searched."""

    model = serializers.CharField()
    dimension = serializers.IntegerField()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="SearchResult",
        serializers={"resource": ResourceResult, "document": DocumentResult},
        resource_type_field_name="type",
        many=True,
    )
)
class SearchResults(serializers.ListField):
    """Resources and passages of documents, the best first."""


class SearchAnswer(serializers.Serializer[Any]):
    results = SearchResults()
    searched_for = serializers.CharField(
        allow_null=True, help_text="The query with its typing errors mended; null without any."
    )
    degraded = serializers.BooleanField(help_text="Whether a part was missing.")
    degraded_reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=["embedding", "queue", "catalogue"]),
        help_text="The parts that were missing.",
    )
    took_ms = serializers.IntegerField()
    version = SearchedVersion(allow_null=True, help_text="Null before anything was indexed.")
