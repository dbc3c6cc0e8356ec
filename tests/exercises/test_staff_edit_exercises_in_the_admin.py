"""The admin's form of an exercise, as a browser sends it back."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from exercises.models import Exercise, ExerciseState, Source
from tests.exercises import making

pytestmark = pytest.mark.django_db
HINTS = ["First, look.", "Then, think.", "At last, write."]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def exercise(db: None) -> Exercise:
    return making.choice(hints=HINTS, source=Source.BANK)


def shown(client: Client, exercise: Exercise) -> Any:
    page = client.get(reverse("admin:exercises_exercise_change", args=[exercise.pk]))
    return page.context["adminform"].form


def sent_back(client: Client, exercise: Exercise, **changes: str) -> Any:
    fields = {
        "slug": exercise.slug,
        "topic": str(exercise.topic_id),
        "level": exercise.level,
        "resource": "",
        "prompt": exercise.prompt,
        "content": shown(client, exercise)["content"].value(),
        "explanation": exercise.explanation,
        "hints": "\r\n".join(exercise.hints),
        "proofs-TOTAL_FORMS": "0",
        "proofs-INITIAL_FORMS": "0",
    }
    path = reverse("admin:exercises_exercise_change", args=[exercise.pk])
    answer = client.post(path, fields | changes)
    exercise.refresh_from_db()
    return answer


def test_hints_are_shown_a_line_each(staff: Client, exercise: Exercise) -> None:
    page = staff.get(reverse("admin:exercises_exercise_change", args=[exercise.pk]))
    assert "\n".join(HINTS) in page.content.decode()


def test_code_is_shown_line_by_line_and_comes_back_as_it_was(staff: Client, db: None) -> None:
    exercise = making.coding()
    before = exercise.content
    text = shown(staff, exercise)["content"].value()
    assert before["solution"] in text
    assert sent_back(staff, exercise, content=text.replace("\n", "\r\n")).status_code == 302
    assert (exercise.content, exercise.state) == (before, ExerciseState.PUBLISHED)


def test_a_changed_key_has_to_be_proven(staff: Client, db: None) -> None:
    exercise = making.cloze("loss", accept=["cost"])
    text = shown(staff, exercise)["content"].value()
    assert sent_back(staff, exercise, content=text.replace("cost", "error")).status_code == 302
    assert (exercise.content["accept"], exercise.state) == (["error"], ExerciseState.DRAFT)


def test_what_was_not_changed_stays_the_banks(staff: Client, exercise: Exercise) -> None:
    assert sent_back(staff, exercise).status_code == 302
    assert (exercise.hints, exercise.source) == (HINTS, Source.BANK)


def test_another_explanation_is_out_at_once(staff: Client, exercise: Exercise) -> None:
    assert sent_back(staff, exercise, explanation="In other words.").status_code == 302
    assert exercise.explanation == "In other words."
    assert (exercise.state, exercise.source) == (ExerciseState.PUBLISHED, Source.STAFF)
    assert exercise.hints == HINTS


def test_another_hint_has_to_be_proven(staff: Client, exercise: Exercise) -> None:
    hints = ["Look.", *HINTS[1:]]
    assert sent_back(staff, exercise, hints="\r\n".join(hints)).status_code == 302
    assert (exercise.state, exercise.hints) == (ExerciseState.DRAFT, hints)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"hints": "One.\nTwo."}, "hints", "2 items"),
        ({"hints": "One.\nTwo.\nThree.\nFour."}, "hints", "4 items"),
        ({"hints": f"One.\nTwo.\n{'a' * 401}"}, "hints", "at most 400 characters (it has 401)"),
        ({"content": 'type = "cloze"\npassage = "No gap."'}, "content", "needs one gap"),
        ({"content": 'type = "riddle"'}, "content", "riddle"),
        ({"content": 'type = "cloze"\npassage ='}, "content", "Invalid value"),
        ({"content": ""}, "content", "required"),
    ],
)
def test_what_is_wrong_is_said_and_not_stored(
    staff: Client, exercise: Exercise, changes: dict[str, str], field: str, says: str
) -> None:
    before = Exercise.objects.values().get()
    answer = sent_back(staff, exercise, **changes)
    assert answer.status_code == 200
    assert says in str(answer.context["adminform"].form.errors[field])
    assert Exercise.objects.values().get() == before


@pytest.mark.parametrize("model", ["exercise", "practice", "attempt", "review"])
def test_every_list_opens(staff: Client, exercise: Exercise, model: str) -> None:
    assert staff.get(reverse(f"admin:exercises_{model}_changelist")).status_code == 200
