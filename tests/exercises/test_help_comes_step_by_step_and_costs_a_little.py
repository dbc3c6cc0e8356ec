"""Hints one at a time, each a tenth of the score; the solution on request, which solves nothing."""

import pytest
from django.test import Client

from exercises.models import Exercise, Practice, Review
from tests.exercises.making import MAKERS, ask, attempt, choice, post, right_answer, wrong_answer

pytestmark = pytest.mark.django_db


def hint(client: Client, exercise: Exercise) -> dict[str, object]:
    told: dict[str, object] = post(client, f"exercises/{exercise.pk}/hints", {"session_id": "s"})
    return told


def solution(client: Client, exercise: Exercise) -> dict[str, object]:
    told: dict[str, object] = post(client, f"exercises/{exercise.pk}/solution", {"session_id": "s"})
    return told


def test_one_step_at_a_time_and_the_last_again(client: Client) -> None:
    exercise = choice()
    told = [hint(client, exercise) for _ in range(5)]
    first, second, third = exercise.hints
    assert [t["hint"] for t in told] == [first, second, third, third, third]
    assert [t["step"] for t in told] == [1, 2, 3, 3, 3]
    assert [t["score_left"] for t in told] == [0.9, 0.8, 0.7, 0.7, 0.7]
    assert {t["of"] for t in told} == {3}


@pytest.mark.parametrize(("hints", "score"), [(0, 1.0), (1, 0.9), (2, 0.8), (3, 0.7), (5, 0.7)])
def test_each_lowers_the_score_a_little(client: Client, hints: int, score: float) -> None:
    exercise = choice()
    for _ in range(hints):
        hint(client, exercise)
    body = attempt(client, exercise, right_answer(exercise))
    assert (body["correct"], body["score"]) == (True, score)


def test_hints_are_of_one_session(client: Client) -> None:
    exercise = choice()
    hint(client, exercise)
    assert attempt(client, exercise, right_answer(exercise), session="other")["score"] == 1.0


def test_a_repeat_begins_without_hints_taken(client: Client) -> None:
    exercise = choice()
    ask(client)
    hint(client, exercise)
    attempt(client, exercise, right_answer(exercise))
    ask(client)
    assert hint(client, exercise)["step"] == 1


def test_hints_of_one_that_is_not_over_stay_taken(client: Client) -> None:
    exercise = choice()
    ask(client)
    hint(client, exercise)
    ask(client)
    assert attempt(client, exercise, right_answer(exercise))["score"] == 0.9


@pytest.mark.parametrize("type_", MAKERS)
def test_the_solution_on_request_counts_as_not_solved(client: Client, type_: str) -> None:
    exercise = MAKERS[type_]()
    ask(client, type_)
    told = solution(client, exercise)
    assert told["solution"] and told["explanation"] == exercise.explanation
    assert (told["solved"], told["counted"]) == (False, True)
    practice, review = Practice.objects.get(), Review.objects.get()
    assert practice.solved_at is None
    assert practice.revealed_at
    assert (review.mastery, review.topic_id) == (0, exercise.topic_id)
    assert told["next_review"] == review.due.isoformat()
    again = solution(client, exercise)
    assert (again["counted"], again["next_review"]) == (False, told["next_review"])
    assert Review.objects.get().due == review.due


def test_a_right_answer_after_the_solution_solves_nothing(client: Client) -> None:
    exercise = choice()
    ask(client)
    solution(client, exercise)
    body = attempt(client, exercise, right_answer(exercise))
    assert (body["correct"], body["counted"]) == (True, False)
    assert Practice.objects.get().solved_at is None
    ask(client)
    body = attempt(client, exercise, right_answer(exercise))
    assert (body["correct"], body["counted"]) == (True, True), "served again, it is open again"
    assert Practice.objects.get().solved_at


def test_the_solution_of_one_that_is_solved_takes_nothing_away(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, right_answer(exercise))
    before = Review.objects.values().get()
    told = solution(client, exercise)
    assert (told["solved"], told["counted"]) == (True, False)
    assert Review.objects.values().get() == before


def test_after_three_failures_looking_costs_nothing_more(client: Client) -> None:
    exercise = choice()
    for _ in range(3):
        attempt(client, exercise, wrong_answer(exercise))
    before = Review.objects.values().get()
    assert solution(client, exercise)["counted"] is False
    assert Review.objects.values().get() == before


@pytest.mark.parametrize("what", ["hints", "solution"])
def test_bad_requests_name_the_field(client: Client, what: str) -> None:
    path = f"exercises/{choice().pk}/{what}"
    for body in ({}, {"session_id": ""}, {"session_id": 1}):
        assert post(client, path, body, 400)["errors"][0]["field"] == "session_id"
    told = post(client, path, {"session_id": "s", "step": 3}, 400)
    assert told["errors"][0]["field"] == "step"
