from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from learning_assistant.postgresql.base import time_limit
from learning_assistant.schema import PROBLEM_RESPONSES
from resources.ranking import Filters
from resources.serializers import ResourceQuery, Suggestions
from resources.services.suggest import suggest

# Seconds after which an answer waits for PostgreSQL no longer: late beats never, but nobody waits
# three seconds.
LAST_S = 2.6


class ResourcesView(APIView):
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
        with time_limit(LAST_S):
            asked = ResourceQuery(data=request.data)
            asked.is_valid(raise_exception=True)
            values = asked.validated_data
            filters = Filters(*(values.get(name, "") for name in ("level", "kind", "topic")))
            return Response(
                suggest(values["query"], values["session_id"], values["limit"], filters)
            )
