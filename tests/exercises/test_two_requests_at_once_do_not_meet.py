"""Ten requests of one session at the same time: ten exercises, and one effect of one answer."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from exercises.models import Attempt, Practice, Review
from sessions.models import LearningSession
from tests.exercises.making import API, ask, choice, right_answer, wrong_answer

pytestmark = pytest.mark.usefixtures("committed_db")
AT_ONCE = 10


def at_once(call: Callable[[], Any]) -> list[Any]:
    """What ten threads that start together get."""
    together = threading.Barrier(AT_ONCE)
    got: list[Any] = []

    def run() -> None:
        try:
            together.wait(10)
            got.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == AT_ONCE
    return got


def test_ten_at_once_in_one_session_get_ten_exercises() -> None:
    for _ in range(AT_ONCE + 2):
        choice()
    served = at_once(lambda: ask(Client())["exercise"]["id"])
    assert len(set(served)) == AT_ONCE
    assert Practice.objects.count() == AT_ONCE
    assert LearningSession.objects.count() == 1


def test_ten_reviews_at_once_are_of_ten_exercises(client: Client) -> None:
    exercises = [choice() for _ in range(AT_ONCE + 1)]
    post_answer(exercises[0].pk, wrong_answer(exercises[0]), {})
    Review.objects.update(due="2020-01-01T00:00:00Z")
    served = at_once(lambda: ask(Client(), "review")["exercise"]["id"])
    assert len(set(served)) == AT_ONCE


def post_answer(pk: int, answer: str, headers: dict[str, str]) -> tuple[int, Any]:
    response = Client().post(
        f"{API}/exercises/{pk}/attempts", {"session_id": "s", "answer": answer},
        content_type="application/json", headers=headers,
    )  # fmt: skip
    return response.status_code, response.json()


def test_one_key_sent_ten_times_at_once_is_one_attempt() -> None:
    exercise = choice()
    headers = {"Idempotency-Key": "same"}
    answer = right_answer(exercise)
    got = at_once(lambda: post_answer(exercise.pk, answer, headers))
    assert {status for status, _ in got} <= {200, 409}
    told = [body for status, body in got if status == 200]
    assert len({body["attempt"] for body in told}) == 1
    assert Attempt.objects.count() == 1
    status, body = post_answer(exercise.pk, answer, headers)
    assert (status, body["attempt"]) == (200, told[0]["attempt"])


def test_ten_right_answers_at_once_count_once() -> None:
    exercise = choice()
    answer = right_answer(exercise)
    got = at_once(lambda: post_answer(exercise.pk, answer, {}))
    assert [status for status, _ in got] == [200] * AT_ONCE
    assert all(body["correct"] for _, body in got)
    assert sum(body["counted"] for _, body in got) == 1
    assert Review.objects.get().mastery == pytest.approx(0.15)


def test_ten_wrong_answers_at_once_show_the_solution_after_the_third() -> None:
    exercise = choice()
    answer = wrong_answer(exercise)
    got = at_once(lambda: post_answer(exercise.pk, answer, {}))
    assert sum(body["counted"] for _, body in got) == 3
    assert sum("solution" in body for _, body in got) == AT_ONCE - 2
    assert Practice.objects.get().failed_attempts == 3
