"""What a learner's request may come up against, as the views answer it."""

from rest_framework import status
from rest_framework.exceptions import APIException, NotFound


class NoSuchExercise(NotFound):
    def __init__(self, exercise_id: int) -> None:
        super().__init__(f"There is no exercise {str(exercise_id)[:40]}.")


class NoSuchAttempt(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such attempt at this exercise in this session.")


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was used in the last 24 hours with another answer to this exercise;"
        " send a new key with a new answer."
    )


class StillInFlight(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = (
        "The first request with this Idempotency-Key is still being answered; send it again then."
    )
    wait = 1  # seconds, for the Retry-After header
