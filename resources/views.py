from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from learning_assistant.api_keys import ApiKeyAuthentication, MaySearch
from learning_assistant.schema import KEY_RESPONSES, PROBLEM_RESPONSES
from learning_assistant.views import BoundedView
from resources.ranking import Scope
from resources.serializers import ResourceQuery, SearchAnswer, SearchQuery, Suggestions
from resources.services.search import search
from resources.services.suggest import suggest


class ResourcesView(BoundedView):
    """What to read, watch or take for a question, with reasons."""

    @extend_schema(
        operation_id="suggest_resources",
        summary="Suggest resources for a question",
        request=ResourceQuery,
        responses={200: Suggestions, **PROBLEM_RESPONSES},
        examples=[
            OpenApiExample(
                "A question",
                value={"query": "how do transformers work?", "session_id": "demo"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        asked = ResourceQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        return Response(
            suggest(values["query"], values["session_id"], values["limit"], asked.filters)
        )


class SearchView(BoundedView):
    """Resources of the catalogue and passages of documents, for programs with a key.

    Filters are never given up: what is asked is what comes, and it may be nothing. Nothing of a
    program's question is stored.
    """

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [MaySearch]

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
