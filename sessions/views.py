from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from learning_assistant.schema import LEARNER_RESPONSES, LINKS, PROBLEM, WITHOUT_BODY, problem
from learning_assistant.views import LearnerView
from sessions import progress, services
from sessions.models import LearningSession
from sessions.serializers import IssuedSession, NewSession, Progress

HEADER = "X-Session-Secret"
SECRET = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The secret that `POST sessions` gave with the id.",
)
NOT_FOUND = {
    (404, PROBLEM): problem("No session was issued under this id, or the secret is not its own.")
}
OPENED = {k: v for k, v in WITHOUT_BODY.items() if k[0] != 400} | NOT_FOUND
NOTHING = {
    "type": "object",
    "description": "An empty object, or no body at all.",
    "additionalProperties": False,
}
TO_SESSION = {
    "201": {
        "practise": {
            "operationId": "next_exercise",
            "description": "Practise under it.",
            "requestBody": {
                "session_id": "$response.body#/session_id",
                "exercise_type": "multiple_choice",
            },
        },
        "erase": {
            "operationId": "erase_session",
            "description": "Erase it.",
            "parameters": {
                "session_id": "$response.body#/session_id",
                HEADER: "$response.body#/secret",
            },
        },
        "progress": {
            "operationId": "session_progress",
            "description": "See what it has mastered.",
            "parameters": {
                "session_id": "$response.body#/session_id",
                HEADER: "$response.body#/secret",
            },
        },
    }
}
EXAMPLE = {
    "session_id": "0c9e1f6e-6a4c-4b1c-9d76-0d5c4a1f2b33",
    "created_at": "2026-02-20T08:00:00Z",
    "last_seen_at": "2026-03-01T09:30:00Z",
} | progress.example()


class SessionsView(LearnerView):
    """Issues a session together with the secret that opens what it stores. Any id of a client's own
    choice is good for asking and practising too; what is stored under it is shown to nobody."""

    @extend_schema(
        operation_id="issue_session",
        summary="Issue a session",
        request={"application/json": NOTHING},
        responses={201: IssuedSession, **LEARNER_RESPONSES},
        extensions={LINKS: TO_SESSION},
    )
    def post(self, request: Request) -> Response:
        NewSession(data=request.data).is_valid(raise_exception=True)
        issued = services.issue()
        return Response(
            vars(issued), status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"}
        )


class SecretView(LearnerView):
    """A view of an issued session, for whoever sends its secret."""

    def open(self, request: Request, session_id: str) -> LearningSession:
        """The session; one error for an id never issued and for a wrong secret, to tell nothing."""
        session = services.opened(session_id, request.headers.get(HEADER, ""))
        if session is None:
            raise NotFound(
                f"No session was issued under this id, or the secret in {HEADER} is not its own."
            )
        return session


class ProgressView(SecretView):
    """What a session has mastered, and what comes back when."""

    @extend_schema(
        operation_id="session_progress",
        summary="Show a session's progress",
        parameters=[SECRET],
        responses={
            200: Progress,
            **OPENED,
        },
        examples=[OpenApiExample("Some days of it", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, session_id: str) -> Response:
        session = self.open(request, session_id)
        told = {
            "session_id": session.session_id,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
        }
        return Response(told | progress.tell(session), headers={"Cache-Control": "no-store"})


class SessionView(SecretView):
    """One issued session, as a whole."""

    @extend_schema(
        operation_id="erase_session",
        summary="Erase a session",
        description="Erases the session with its questions, exercises, answers and progress, for "
        "good. Under an id that was erased nothing is shown again.",
        parameters=[SECRET],
        responses={
            204: None,
            **OPENED,
        },
    )
    def delete(self, request: Request, session_id: str) -> Response:
        services.erase(self.open(request, session_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
