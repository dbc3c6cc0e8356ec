"""No answer of the API before an exercise is over holds any part of its key."""

import json
from typing import Any

import pytest
from django.test import Client

from exercises.models import Exercise
from tests.exercises.conftest import Graders
from tests.exercises.making import (
    API,
    MAKERS,
    attempt,
    choice,
    cloze,
    coding,
    right_answer,
    short,
    wrong_answer,
)

pytestmark = pytest.mark.usefixtures("committed_db")
COUNT = 5


def secrets_of(exercise: Exercise) -> list[str]:
    """What of the exercise nobody may see; choices are all shown, but not which one is right."""
    content = exercise.content
    found = [exercise.explanation]
    if exercise.type == "multiple_choice":
        found += [
            "solution_choice",
            '"right"',
            *(c["why"] for c in content["choices"] if c["why"]),
        ]
    elif exercise.type == "cloze":
        found += [content["passage"].partition("[[")[2].partition("]]")[0], "[["]
        found += content.get("accept", [])
    elif exercise.type == "short_answer":
        found += [content["reference"], "rubric", "terms"]
        for point in content["rubric"]:
            found += [
                point["point"],
                *point["accepts"],
                *point["refutes"],
                *sum(point["terms"], []),
            ]
    else:
        found += [content["solution"], "secret_", '"expected"']
        found += [case[part] for case in content["tests"] for part in ("name", "call", "expected")]
    return found


class Recorder:
    """A client that keeps all that it was told."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[str] = []

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.client.post(
            f"{API}/{path}", {"session_id": "s"} | body, content_type="application/json"
        )
        headers = json.dumps(dict(answer.items()))
        self.told.append(answer.content.decode() + headers)
        return answer.json()

    def get(self, path: str) -> None:
        self.told.append(self.client.get(f"{API}/{path}", {"session_id": "s"}).content.decode())


@pytest.mark.parametrize("type_", MAKERS)
def test_before_the_end_nothing_of_it_is_told(
    client: Client, lane_worker: None, graders: Graders, type_: str
) -> None:
    made = [MAKERS[type_](accept=[f"synonymous{n}"]) if type_ == "cloze" else MAKERS[type_]()
            for n in range(COUNT)]  # fmt: skip
    recorder = Recorder(client)
    for _ in range(COUNT + 2):
        recorder.post("exercises", {"exercise_type": type_})
    for exercise in made:
        for _ in range(4):
            recorder.post(f"exercises/{exercise.pk}/hints", {})
        recorder.post(f"exercises/{exercise.pk}/attempts", {"answer": "x" * 20_000})
        recorder.post(f"exercises/{exercise.pk}/attempts", {"answer": ""})
        recorder.post(f"exercises/{exercise.pk}/attempts", {})
        recorder.get(f"exercises/{exercise.pk}")
    recorder.post("exercises", {"exercise_type": "review"})
    everything = "\n".join(recorder.told)
    assert everything.count('"exercise"') == COUNT + 3
    for exercise in made:
        for secret in secrets_of(exercise):
            assert secret.lower() not in everything.lower(), (exercise.type, secret)


@pytest.mark.parametrize("type_", ["multiple_choice", "cloze"])
def test_a_wrong_answer_is_not_told_the_right_one(client: Client, type_: str) -> None:
    exercise = MAKERS[type_]()
    right = exercise.content["choices"][0]["text"] if type_ == "multiple_choice" else right_answer(
        exercise
    )  # fmt: skip
    for _ in range(2):
        body = attempt(client, exercise, wrong_answer(exercise))
        assert right.lower() not in json.dumps(body).lower()
        assert exercise.explanation not in json.dumps(body)
        assert not {"solution", "solution_choice", "explanation"} & body.keys()


@pytest.mark.parametrize("make", [short, coding])
def test_a_wrong_answer_is_told_no_more_than_its_grader_says(
    client: Client, lane_worker: None, graders: Graders, make: Any
) -> None:
    exercise = make()
    told = json.dumps(attempt(client, exercise, wrong_answer(exercise)))
    for secret in (right_answer(exercise).strip(), "secret_", "Rubric", exercise.explanation):
        assert json.dumps(secret)[1:-1] not in told


def test_an_answer_under_way_tells_nothing(
    client: Client, graders: Graders, valkey: Any, settings: Any
) -> None:
    settings.DEADLINE_S, settings.FALLBACK_AFTER_S = 0.3, 0.1
    exercise = short()
    told = json.dumps(attempt(client, exercise, "half of it", status=202))
    assert not any(secret in told for secret in secrets_of(exercise))


def test_a_typing_error_in_another_session_shows_nothing_to_this_one(client: Client) -> None:
    exercise, other = cloze(), choice()
    attempt(client, exercise, right_answer(exercise), session="else")
    attempt(client, other, right_answer(other), session="else")
    assert "solution" not in attempt(client, exercise, "something else")
    assert "solution" not in attempt(client, other, wrong_answer(other))
