"""`Idempotency-Key`: per session and path, for 24 hours; another body 422, still in flight 409."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from exercises.models import Attempt, Practice, Review
from tests.exercises.conftest import Graders
from tests.exercises.making import attempt, choice, right_answer, short, wrong_answer

pytestmark = pytest.mark.usefixtures("committed_db")
KEY = {"Idempotency-Key": "7b0c8f0e-answer-1"}


def untimed(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k != "took_ms"}


def test_the_same_answer_again_gives_the_same_outcome(client: Client) -> None:
    exercise = choice()
    first = attempt(client, exercise, wrong_answer(exercise), **KEY)
    again = attempt(client, exercise, wrong_answer(exercise), **KEY)
    assert untimed(again) == untimed(first)
    assert Attempt.objects.count() == 1
    assert Practice.objects.get().failed_attempts == 1


def test_the_outcome_stays_what_it_was_whatever_came_after(client: Client) -> None:
    exercise = choice()
    first = attempt(client, exercise, wrong_answer(exercise), **KEY)
    attempt(client, exercise, right_answer(exercise))
    again = attempt(client, exercise, wrong_answer(exercise), **KEY)
    assert untimed(again) == untimed(first)
    assert "solution" not in again


def test_without_a_key_each_is_an_attempt(client: Client) -> None:
    exercise = choice()
    for _ in range(2):
        attempt(client, exercise, wrong_answer(exercise))
    assert Attempt.objects.count() == 2


def test_another_answer_under_the_same_key_is_refused(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, wrong_answer(exercise), **KEY)
    told = attempt(client, exercise, right_answer(exercise), status=422, **KEY)
    assert "Idempotency-Key" in told["detail"]
    assert Attempt.objects.count() == 1


def test_a_key_is_of_one_session_and_one_exercise(client: Client) -> None:
    one, other = choice(), choice()
    attempt(client, one, right_answer(one), **KEY)
    attempt(client, other, wrong_answer(other), **KEY)
    attempt(client, one, wrong_answer(one), session="another", **KEY)
    assert Attempt.objects.count() == 3


def test_after_a_day_the_key_is_free_again(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, wrong_answer(exercise), **KEY)
    Attempt.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    attempt(client, exercise, right_answer(exercise), status=422, **KEY)
    Attempt.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert attempt(client, exercise, right_answer(exercise), **KEY)["correct"]
    assert Attempt.objects.count() == 2


@pytest.fixture
def pending(client: Client, graders: Graders, settings: Settings, valkey: Any) -> dict[str, Any]:
    """An answer that no worker takes."""
    settings.DEADLINE_S, settings.FALLBACK_AFTER_S = 0.4, 0.1
    told: dict[str, Any] = attempt(client, short(), "half of it", status=202, **KEY)
    return told


def again(client: Client, status: int) -> Any:
    exercise = Attempt.objects.get().practice.exercise
    return attempt(client, exercise, "half of it", status=status, **KEY)


def test_while_the_first_is_in_flight_the_second_is_told_to_wait(
    client: Client, pending: dict[str, Any]
) -> None:
    assert again(client, 409)["detail"]
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("seconds", [5, -3600], ids=["old", "of a clock that was wrong"])
def test_a_pending_outcome_is_told_again_until_it_is_there(
    client: Client, pending: dict[str, Any], work_off: Callable[[], Any], seconds: int
) -> None:
    Attempt.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))
    assert untimed(again(client, 202)) == untimed(pending)
    work_off()
    body = again(client, 200)
    assert (body["attempt"], body["verdict"]) == (pending["attempt"], "partly")
    assert Review.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "é"])
def test_a_key_of_another_form_is_refused(client: Client, key: str) -> None:
    exercise = choice()
    told = attempt(client, exercise, right_answer(exercise), status=400, **{"Idempotency-Key": key})
    assert told["errors"][0]["field"] == "Idempotency-Key"
    assert "1 to 128" in told["detail"]
    assert not Attempt.objects.exists()
