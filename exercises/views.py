import uuid
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from exercises import examples
from exercises.models import Verdict
from exercises.models.attempts import KEY_LENGTH
from exercises.serializers import (
    AttemptAnswer,
    ExerciseAnswer,
    ExerciseQuery,
    Hint,
    Outcome,
    Pending,
    Revealed,
    SessionOnly,
)
from exercises.services import attempts, helping, serving
from learning_assistant.fields import Text
from learning_assistant.schema import LEARNER_RESPONSES, LINKS, PROBLEM, WITHOUT_BODY, problem
from learning_assistant.views import LearnerView
from sessions.models import SESSION_ID_LENGTH

NOT_FOUND = {(404, PROBLEM): problem("There is no such exercise.")}
RETRY_S = 1
SESSION_ID = {"type": "string", "maxLength": SESSION_ID_LENGTH, **Text.documented}
EXERCISE_ID = OpenApiParameter(
    "exercise_id",
    {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1},
    OpenApiParameter.PATH,
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description=f"1 to {KEY_LENGTH} visible characters, valid for 24 hours for this session and"
    " path: the same key with the same answer gives the first answer's outcome.",
)

_OF_SESSION = {"session_id": "$request.body#/session_id"}


def _of_exercise(operation: str, description: str) -> dict[str, Any]:
    """The link from an exercise to what can be done with it."""
    return {
        "operationId": operation,
        "description": description,
        "parameters": {"exercise_id": "$response.body#/exercise/id"},
        "requestBody": _OF_SESSION,
    }


TO_EXERCISE = {
    "200": {
        "answer": _of_exercise("attempt_exercise", "Answer it."),
        "hint": _of_exercise("next_hint", "Get a hint."),
        "solution": _of_exercise("show_solution", "Give up and see the solution."),
    }
}
_TO_OUTCOME = {
    "outcome": {
        "operationId": "attempt_result",
        "description": "Ask for the outcome, now or later.",
        "parameters": {
            "exercise_id": "$request.path.exercise_id",
            "attempt_id": "$response.body#/attempt",
            **_OF_SESSION,
        },
    }
}
OUTCOMES = [
    OpenApiExample("Right", value=examples.PASSED, response_only=True, status_codes=["200"]),
    OpenApiExample("Code", value=examples.FAILED_CODE, response_only=True, status_codes=["200"]),
    OpenApiExample(
        "Not graded yet", value=examples.PENDING, response_only=True, status_codes=["202"]
    ),
]


class ExercisesView(LearnerView):
    """The next exercise of a session: never one solved already while others are left, and never
    its key."""

    @extend_schema(
        operation_id="next_exercise",
        summary="Get the next exercise",
        request=ExerciseQuery,
        responses={200: ExerciseAnswer, **LEARNER_RESPONSES},
        examples=[
            OpenApiExample(
                "Any of a type",
                value={"exercise_type": "multiple_choice", "session_id": "demo"},
                request_only=True,
            ),
            OpenApiExample(
                "Of a topic and level",
                value={
                    "exercise_type": "coding",
                    "session_id": "demo",
                    "topic": "transformers",
                    "level": "intermediate",
                },
                request_only=True,
            ),
            OpenApiExample(
                "What is due",
                value={"exercise_type": "review", "session_id": "demo"},
                request_only=True,
            ),
            OpenApiExample("An exercise", value=examples.EXERCISE, response_only=True),
            OpenApiExample("Nothing is due", value=examples.NOTHING_DUE, response_only=True),
        ],
        extensions={LINKS: TO_EXERCISE},
    )
    def post(self, request: Request) -> Response:
        asked = ExerciseQuery(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        return Response(serving.serve(serving.Request(values.pop("exercise_type"), **values)))


class AttemptsView(LearnerView):
    """An answer, graded with feedback. It is kept before it is graded, so none is lost."""

    @extend_schema(
        operation_id="attempt_exercise",
        summary="Answer an exercise",
        request=AttemptAnswer,
        parameters=[EXERCISE_ID, IDEMPOTENCY_KEY],
        responses={
            200: Outcome,
            202: Pending,
            **LEARNER_RESPONSES,
            **NOT_FOUND,
            (409, PROBLEM): problem("The first request with this key is still being answered."),
            (422, PROBLEM): problem("The key was used with another answer."),
        },
        examples=[
            OpenApiExample(
                "A choice", value={"session_id": "demo", "answer": "b"}, request_only=True
            ),
            OpenApiExample(
                "A function",
                value={
                    "session_id": "demo",
                    "answer": "def mean(numbers):\n    return sum(numbers) / len(numbers)\n",
                },
                request_only=True,
            ),
            *OUTCOMES,
        ],
        extensions={LINKS: {"200": _TO_OUTCOME, "202": _TO_OUTCOME}},
    )
    def post(self, request: Request, exercise_id: int) -> Response:
        asked = AttemptAnswer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        told = attempts.submit(
            exercise_id, values["session_id"], values["answer"], _idempotency_key(request)
        )
        return _outcome(told, exercise_id)


class AttemptView(LearnerView):
    """The outcome of an answer that could not be graded at once."""

    @extend_schema(
        operation_id="attempt_result",
        summary="Get the outcome of an answer",
        parameters=[
            EXERCISE_ID,
            OpenApiParameter("session_id", SESSION_ID, required=True),
        ],
        responses={
            200: Outcome,
            202: Pending,
            **WITHOUT_BODY,
            (404, PROBLEM): problem("There is no such attempt at this exercise in this session."),
        },
        examples=OUTCOMES,
    )
    def get(self, request: Request, exercise_id: int, attempt_id: uuid.UUID) -> Response:
        asked = SessionOnly(data=dict(request.query_params.items()))
        asked.is_valid(raise_exception=True)
        told = attempts.result(exercise_id, attempt_id, asked.validated_data["session_id"])
        return _outcome(told, exercise_id)


class HintsView(LearnerView):
    """The next hint, one step at a time; each takes a little off the score. After the last one the
    last again, at no cost."""

    @extend_schema(
        operation_id="next_hint",
        summary="Get the next hint",
        parameters=[EXERCISE_ID],
        request=SessionOnly,
        responses={200: Hint, **LEARNER_RESPONSES, **NOT_FOUND},
        examples=[OpenApiExample("A session", value={"session_id": "demo"}, request_only=True)],
    )
    def post(self, request: Request, exercise_id: int) -> Response:
        return Response(helping.hint(exercise_id, _session_id(request)))


class SolutionView(LearnerView):
    """The solution and why it is so. An exercise that is not solved yet counts as not solved."""

    @extend_schema(
        operation_id="show_solution",
        summary="Show the solution",
        parameters=[EXERCISE_ID],
        request=SessionOnly,
        responses={200: Revealed, **LEARNER_RESPONSES, **NOT_FOUND},
        examples=[OpenApiExample("A session", value={"session_id": "demo"}, request_only=True)],
    )
    def post(self, request: Request, exercise_id: int) -> Response:
        return Response(helping.solution(exercise_id, _session_id(request)))


def _session_id(request: Request) -> str:
    asked = SessionOnly(data=request.data)
    asked.is_valid(raise_exception=True)
    return str(asked.validated_data["session_id"])


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= c <= "~" for c in key):
        detail = f"must be 1 to {KEY_LENGTH} visible ASCII characters, {len(key)} were sent"
        raise ValidationError({"Idempotency-Key": [detail]}, code="invalid")
    return key


def _outcome(told: dict[str, Any], exercise_id: int) -> Response:
    if told["verdict"] != Verdict.PENDING:
        return Response(told)
    result = reverse("attempt", args=[exercise_id, told["attempt"]])
    headers = {"Location": result, "Retry-After": str(RETRY_S)}
    return Response(told, status=status.HTTP_202_ACCEPTED, headers=headers)
