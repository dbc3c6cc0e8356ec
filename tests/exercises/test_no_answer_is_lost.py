"""An answer is kept before it is graded: whatever dies, it is graded once, later."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from exercises import recording, tasks
from exercises.grading import attempts
from exercises.marks import Mark
from exercises.models import Attempt, Exercise, Practice, Review, Verdict
from learning_assistant import arrival
from learning_assistant.arrival import Arrival
from tests.exercises.conftest import Graders
from tests.exercises.making import (
    API,
    ask,
    attempt,
    choice,
    coding,
    right_answer,
    short,
    wrong_answer,
)

pytestmark = pytest.mark.usefixtures("committed_db")
WorkOff = Callable[[], list[tuple[str, list[Any]]]]


@pytest.fixture
def soon(settings: Settings) -> None:
    """Nobody waits for long."""
    settings.DEADLINE_S, settings.FALLBACK_AFTER_S = 0.4, 0.1


def result(client: Client, exercise: Exercise, told: dict[str, Any]) -> tuple[int, Any]:
    answer = client.get(
        f"{API}/exercises/{exercise.pk}/attempts/{told['attempt']}", {"session_id": "s"}
    )
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("make", [short, coding])
def test_without_a_worker_it_is_pending_and_graded_later(
    client: Client, graders: Graders, work_off: WorkOff, make: Callable[[], Exercise]
) -> None:
    exercise = make()
    told = attempt(client, exercise, right_answer(exercise), status=202)
    assert (told["verdict"], told["correct"], told["score"]) == ("pending", None, None)
    assert told["feedback"]
    status, body = result(client, exercise, told)
    assert (status, body["verdict"]) == (202, "pending")
    assert work_off() == [("exercises.tasks.grade_late", [told["attempt"]])]
    status, body = result(client, exercise, told)
    assert (status, body["verdict"], body["score"]) == (200, "passed", 1.0)
    assert Practice.objects.get().solved_at
    assert Review.objects.count() == 1


@pytest.fixture
def crowded() -> Iterator[None]:
    """All threads of the web process have a request."""
    arrival.note(Arrival(time.monotonic(), crowded=True))
    yield
    arrival.note(None)


@pytest.mark.usefixtures("crowded")
def test_where_others_wait_for_the_thread_it_is_graded_later(
    client: Client, graders: Graders, work_off: WorkOff, settings: Settings
) -> None:
    settings.DEADLINE_S = 30.0
    exercise = coding()
    told = attempt(client, exercise, right_answer(exercise), status=202)
    assert work_off() == [("exercises.tasks.grade_late", [told["attempt"]])]
    status, body = result(client, exercise, told)
    assert (status, body["verdict"]) == (200, "passed")


@pytest.mark.usefixtures("soon")
def test_a_pending_answer_says_where_its_outcome_will_be(
    client: Client, graders: Graders, work_off: WorkOff
) -> None:
    exercise = short()
    response = client.post(
        f"{API}/exercises/{exercise.pk}/attempts", {"session_id": "s", "answer": "x"},
        content_type="application/json",
    )  # fmt: skip
    assert response.status_code == 202
    assert response["Retry-After"]
    body = client.get(response["Location"], {"session_id": "s"}).json()
    assert body["attempt"] == response.json()["attempt"]


def test_without_the_broker_the_schedule_finds_it(
    client: Client, graders: Graders, no_broker: None
) -> None:
    exercise = coding()
    told = attempt(client, exercise, right_answer(exercise), status=202)
    attempts.grade(uuid.UUID(told["attempt"]))
    assert result(client, exercise, told)[1]["verdict"] == "passed"


def test_choices_are_graded_without_the_broker(client: Client, no_broker: None) -> None:
    exercise = choice()
    assert attempt(client, exercise, right_answer(exercise))["correct"] is True


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("minutes", [1, -60], ids=["old", "of a clock that was wrong"])
def test_the_schedule_takes_what_is_old_and_leaves_what_is_under_way(
    client: Client, graders: Graders, valkey: Any, work_off: WorkOff, minutes: int
) -> None:
    exercise = short()
    old, young = (attempt(client, exercise, "half of it", status=202) for _ in range(2))
    valkey.flushdb()  # the broker lost both
    aged = timezone.now() - timedelta(minutes=minutes)
    Attempt.objects.filter(pk=old["attempt"]).update(created_at=aged)
    tasks.grade_pending()
    assert work_off() == [("exercises.tasks.grade_late", [old["attempt"]])]
    assert result(client, exercise, old)[1]["verdict"] == "partly"
    assert result(client, exercise, young)[0] == 202


@pytest.mark.usefixtures("soon")
def test_however_often_it_is_graded_it_counts_once(
    client: Client, graders: Graders, work_off: WorkOff
) -> None:
    exercise = short()
    told = attempt(client, exercise, right_answer(exercise), status=202)
    for _ in range(3):
        tasks.grade_late(told["attempt"])
    work_off()
    assert graders.graded == [right_answer(exercise)]
    assert Review.objects.get().mastery == pytest.approx(0.15)
    mark = Attempt.objects.get()
    assert (mark.verdict, mark.tries) == ("passed", 1)


def test_two_marks_of_one_answer_count_once(client: Client, graders: Graders) -> None:
    """A worker that was thought dead comes back while another has graded."""
    exercise = choice()
    told = attempt(client, exercise, wrong_answer(exercise))
    before = Review.objects.values().get()
    again = recording.settle(uuid.UUID(told["attempt"]), Mark(Verdict.PASSED, 1.0, "", "key"))
    assert again.verdict == "failed"
    assert Review.objects.values().get() == before


@pytest.mark.usefixtures("soon")
def test_an_answer_that_breaks_its_grader_each_time_ends_ungraded(
    client: Client, graders: Graders, work_off: WorkOff
) -> None:
    exercise = coding()
    graders.dies = True
    told = attempt(client, exercise, "kill()", status=202)
    for _ in range(4):
        with pytest.raises(RuntimeError):
            tasks.grade_late(told["attempt"])
    tasks.grade_late(told["attempt"])
    body = result(client, exercise, told)[1]
    assert (body["verdict"], body["correct"], body["counted"]) == ("ungraded", None, False)
    assert "neither" in body["feedback"]
    graders.dies = False
    assert Practice.objects.get().failed_attempts == 0


@pytest.mark.usefixtures("soon")
def test_an_answer_of_an_erased_session_is_let_go(
    client: Client, graders: Graders, work_off: WorkOff
) -> None:
    exercise = short()
    attempt(client, exercise, "x", status=202)
    Practice.objects.all().delete()
    work_off()
    assert graders.graded == []


@pytest.mark.usefixtures("soon")
def test_the_next_exercise_does_not_wait_for_it(
    client: Client, graders: Graders, valkey: Any
) -> None:
    first, second = short(), short()
    told = [attempt(client, first, "x", status=202), ask(client, "short_answer")]
    told += [attempt(client, second, "y", status=202), ask(client, "short_answer")]
    assert {body["exercise"]["id"] for body in told[1::2]} == {first.pk, second.pk}
    assert Attempt.objects.filter(verdict="pending").count() == 2
