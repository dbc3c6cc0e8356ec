"""`POST exercises/{id}/attempts`: the outcome, and when the solution is shown."""

from typing import Any

import pytest
from django.test import Client

from exercises import recording
from exercises.marks import Mark
from exercises.models import Attempt, Exercise, Practice, Review, Verdict
from sessions.models import LearningSession
from tests.exercises.conftest import Graders
from tests.exercises.making import (
    MAKERS,
    ask,
    attempt,
    choice,
    cloze,
    coding,
    post,
    right_answer,
    short,
    wrong_answer,
)

pytestmark = pytest.mark.usefixtures("committed_db")
TYPES = list(MAKERS)


@pytest.fixture(params=TYPES)
def exercise(request: pytest.FixtureRequest, lane_worker: None, graders: Graders) -> Exercise:
    """One of each type, with a worker at the interactive lane."""
    made: Exercise = MAKERS[request.param]()
    return made


def test_a_right_answer(client: Client, exercise: Exercise) -> None:
    body = attempt(client, exercise, right_answer(exercise))
    assert (body["correct"], body["score"], body["verdict"]) == (True, 1.0, "passed")
    assert body["feedback"]
    assert body["feedback_source"] in ("key", "tests", "rubric")
    assert body["explanation"] == exercise.explanation
    assert body["solution"]
    assert body["counted"] is True
    assert body["next_review"] > "2026"
    assert isinstance(body["took_ms"], int)
    assert ("tests" in body) == (exercise.type == "coding")
    stored = Attempt.objects.get()
    assert (str(stored.pk), stored.verdict, stored.score) == (body["attempt"], "passed", 1.0)
    assert stored.answer == right_answer(exercise)
    assert stored.graded_at


def test_the_solution_comes_with_the_third_failure(client: Client, exercise: Exercise) -> None:
    bodies = [attempt(client, exercise, wrong_answer(exercise)) for _ in range(3)]
    for body in bodies:
        assert (body["correct"], body["score"], body["verdict"]) == (False, 0.0, "failed")
    assert ["solution" in body for body in bodies] == [False, False, True]
    assert ["explanation" in body for body in bodies] == [False, False, True]
    late = attempt(client, exercise, right_answer(exercise))
    assert (late["correct"], late["counted"]) == (True, False), "it was copied"
    assert Practice.objects.get().solved_at is None
    assert Review.objects.get().mastery == 0


def test_a_right_answer_after_a_wrong_one_is_solved(client: Client, exercise: Exercise) -> None:
    attempt(client, exercise, wrong_answer(exercise))
    body = attempt(client, exercise, right_answer(exercise))
    assert (body["correct"], body["score"], body["counted"]) == (True, 1.0, True)
    assert Practice.objects.get().solved_at


def test_the_same_outcome_can_be_asked_for_later(client: Client, exercise: Exercise) -> None:
    body = attempt(client, exercise, right_answer(exercise))
    path = f"/api/learning/exercises/{exercise.pk}/attempts/{body['attempt']}"
    for slash in ("", "/"):
        again = client.get(path + slash, {"session_id": "s"})
        assert again.status_code == 200
        assert again.json() | {"took_ms": 0} == body | {"took_ms": 0}
    assert client.get(path, {"session_id": "another"}).status_code == 404
    assert client.get(path).json()["errors"][0]["field"] == "session_id"
    assert client.get(path.replace(str(exercise.pk), "999999", 1), {"session_id": "s"}
    ).status_code == 404  # fmt: skip


def test_a_partly_right_answer_is_none_that_solves(
    client: Client, lane_worker: None, graders: Graders
) -> None:
    exercise = short()
    body = attempt(client, exercise, "half of it")
    assert (body["correct"], body["score"], body["verdict"]) == (False, 0.5, "partly")
    assert "solution" not in body


def test_what_can_not_be_graded_counts_neither_way(
    client: Client, lane_worker: None, graders: Graders
) -> None:
    graders.absent = True
    exercise = coding()
    for _ in range(4):
        body = attempt(client, exercise, "def double(x): yield x")
        assert (body["correct"], body["score"], body["verdict"]) == (None, None, "ungraded")
        assert (body["counted"], body["next_review"]) == (False, None)
        assert "solution" not in body
    assert not Review.objects.exists()
    assert Practice.objects.get().failed_attempts == 0


def test_a_wrong_choice_hears_what_is_wrong_with_it(client: Client) -> None:
    exercise = choice()
    wrong = exercise.content["choices"][2]
    body = attempt(client, exercise, wrong["text"])
    assert wrong["why"] in body["feedback"]


def test_a_solution_names_the_right_choice(client: Client) -> None:
    exercise = choice()
    body = attempt(client, exercise, right_answer(exercise))
    assert body["solution_choice"] == right_answer(exercise)
    assert body["solution"] == exercise.content["choices"][0]["text"]


@pytest.mark.parametrize(
    ("make", "length", "limit"), [(coding, 10_001, 10_000), (short, 2_001, 2_000),
    (cloze, 401, 400), (choice, 401, 400)],
)  # fmt: skip
def test_a_long_answer_is_told_its_limit(
    client: Client, make: Any, length: int, limit: int
) -> None:
    told = attempt(client, make(), "x" * length, status=400)
    assert told["errors"][0]["field"] == "answer"
    assert f"at most {limit} characters, {length} were sent" in told["detail"]
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"session_id": "s"}, "answer"), ({"answer": "a"}, "session_id"),
        ({"session_id": "s", "answer": ""}, "answer"),
        ({"session_id": "s", "answer": " \n\t "}, "answer"),
        ({"session_id": "s", "answer": 3}, "answer"),
        ({"session_id": "s", "answer": None}, "answer"),
        ({"session_id": "s", "answer": ["a"]}, "answer"),
        ({"session_id": "s", "answer": "a\0"}, "answer"),
        ({"session_id": "s", "answer": "\ud800"}, "answer"),
        ({"session_id": "s", "answer": "a", "score": 1}, "score"),
        ({"session_id": "s", "answer": "e"}, "answer"),
        ({"session_id": "s", "answer": "the first one"}, "answer"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_none(client: Client, body: dict[str, Any], field: str) -> None:
    told = post(client, f"exercises/{choice().pk}/attempts", body, 400)
    assert [error["field"] for error in told["errors"]] == [field]
    assert not Attempt.objects.exists()
    assert not LearningSession.objects.exists()


@pytest.mark.parametrize("what", ["attempts", "hints", "solution"])
@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30])
def test_an_exercise_that_there_is_not(client: Client, what: str, pk: str) -> None:
    body = {"session_id": "s"} | ({"answer": "a"} if what == "attempts" else {})
    post(client, f"exercises/{pk}/{what}", body, 404)
    assert not LearningSession.objects.exists()


def test_an_exercise_that_was_retired_goes_on_for_who_has_it(client: Client) -> None:
    exercise = choice()
    ask(client)
    Exercise.objects.update(state="retired")
    assert attempt(client, exercise, right_answer(exercise))["correct"]
    attempt(client, exercise, right_answer(exercise), session="another", status=404)


def test_code_keeps_its_blanks(client: Client, lane_worker: None, graders: Graders) -> None:
    code = "\n\n    x = 1\n\treturn x  \n"
    attempt(client, coding(), code)
    assert Attempt.objects.get().answer == code
    assert graders.graded == [code]


def test_marks_outside_their_range_are_clamped(client: Client) -> None:
    choice()
    ask(client)
    for given, kept in ((7.0, 1.0), (-3.0, 0.0)):
        made = Attempt.objects.create(practice=Practice.objects.get(), answer="a")
        mark = Mark(Verdict.PASSED if given > 1 else Verdict.FAILED, given, "", "key")
        assert recording.settle(made.pk, mark).score == kept
