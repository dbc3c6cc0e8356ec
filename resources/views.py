from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from learning_assistant import events
from learning_assistant.api_keys import ApiKeyAuthentication, MaySearch
from learning_assistant.schema import KEY_RESPONSES, LEARNER_RESPONSES, PROBLEM_RESPONSES
from learning_assistant.views import BoundedView, LearnerView
from resources.ranking import Scope
from resources.serializers import ResourceQuery, SearchAnswer, SearchQuery, Suggestions
from resources.services.search import search
from resources.services.suggest import steps, suggest

STREAM = (
    "With `Accept: text/event-stream`, server-sent events whose data is JSON: `resources` with "
    "`resources`, `relaxed` and `searched_for` as soon as they are found; `advice` with the next "
    "`words` of the sentence, any number of times; `done` with the whole answer as it is without "
    "streaming, whose `advice` counts: a sentence that fails its last check is replaced. If the "
    "database goes away after the first event, `error` with a problem is the last one."
)


class ResourcesView(LearnerView):
    """What to read, watch or take for a question, with reasons."""

    @extend_schema(
        operation_id="suggest_resources",
        summary="Suggest resources for a question",
        description=f"What to read, watch or take for a question, with reasons.\n\n{STREAM}",
        request=ResourceQuery,
        responses={
            (200, "application/json"): Suggestions,
            (200, events.MEDIA_TYPE): OpenApiTypes.STR,
            **LEARNER_RESPONSES,
        },
        examples=[
            OpenApiExample(
                "A question",
                value={"query": "how do transformers work?", "session_id": "demo"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> HttpResponseBase:
        asked = ResourceQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        question = values["query"], values["session_id"], values["limit"], asked.filters
        if events.wanted(request):
            return events.respond(steps(*question, stream=True))
        return Response(suggest(*question))


class SearchView(BoundedView):
    """Resources of the catalogue and passages of documents, for programs with a key.

    Filters are never given up: what is asked is what comes, and it may be nothing. Nothing of a
    program's question is stored.
    """

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [MaySearch]
    counts_or_closes = True

    @extend_schema(
        operation_id="search",
        summary="Search resources and documents",
        request=SearchQuery,
        responses={200: SearchAnswer, **PROBLEM_RESPONSES, **KEY_RESPONSES},
        examples=[
            OpenApiExample(
                "Documents of one folder",
                value={"query": "how are vectors stored?", "scope": "documents", "path": "guides/"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        asked = SearchQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        return Response(
            search(values["query"], values["limit"], Scope(values["scope"]), asked.filters)
        )
