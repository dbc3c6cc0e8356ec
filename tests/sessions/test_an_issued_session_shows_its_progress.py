"""`POST sessions` gives an id and a secret; with both, and no other way, progress is shown."""

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from exercises.models import Attempt, Review
from exercises.progress import streak
from sessions.models import LearningSession
from tests.exercises.making import API, ask, attempt, choice, post, right_answer, wrong_answer
from tests.resources.making import add, tree

pytestmark = pytest.mark.django_db


def issue(client: Client) -> tuple[str, str]:
    body = post(client, "sessions", {}, 201)
    assert body.keys() == {"session_id", "secret"}
    return body["session_id"], body["secret"]


def look(client: Client, session_id: str, secret: str | None, status: int = 200) -> Any:
    headers = {} if secret is None else {"X-Session-Secret": secret}
    answer = client.get(f"{API}/sessions/{session_id}/progress", headers=headers)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_secret_is_shown_once_and_stored_as_its_hash(client: Client) -> None:
    session_id, secret = issue(client)
    stored = LearningSession.objects.get()
    assert stored.session_id == session_id
    assert stored.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) >= 40
    assert secret not in str(look(client, session_id, secret))


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_issuing_needs_no_body(client: Client, body: bytes) -> None:
    for slash in ("", "/"):
        answer = client.post(f"{API}/sessions{slash}", body, content_type="application/json")
        assert answer.status_code == 201


def test_issuing_takes_no_field(client: Client) -> None:
    told = post(client, "sessions", {"session_id": "mine"}, 400)
    assert told["errors"][0]["field"] == "session_id"


def test_two_are_never_the_same(client: Client) -> None:
    issued = [issue(client) for _ in range(20)]
    assert len({i for i, _ in issued}) == len({s for _, s in issued}) == 20


def test_the_secret_is_wanted_for_looking_only(client: Client) -> None:
    session_id, secret = issue(client)
    exercise = choice()
    assert ask(client, session=session_id)["exercise"]["id"] == exercise.pk
    assert attempt(client, exercise, right_answer(exercise), session=session_id)["correct"]
    assert look(client, session_id, secret)["attempts"]["passed"] == 1


def test_one_body_for_a_session_never_issued_and_for_a_wrong_secret(client: Client) -> None:
    session_id, secret = issue(client)
    other, others_secret = issue(client)
    ask(client, session="chosen")
    bodies = [
        look(client, session_id, None, 404), look(client, session_id, "", 404),
        look(client, session_id, "wrong", 404), look(client, session_id, others_secret, 404),
        look(client, session_id, secret[:-1], 404), look(client, session_id, "é", 404),
        look(client, "chosen", "", 404), look(client, "chosen", secret, 404),
        look(client, "nobody", secret, 404), look(client, "a%00b", secret, 404),
        look(client, session_id.upper(), secret, 404),
        look(client, session_id[:-1] + ("0" if session_id[-1] != "0" else "1"), secret, 404),
        look(client, other, secret, 404),
    ]  # fmt: skip
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["status"] == 404


def test_nobody_takes_over_an_id_that_a_client_chose(client: Client) -> None:
    ask(client, session="chosen")
    assert LearningSession.objects.get().secret_hash == ""
    look(client, "chosen", "", 404)


def test_answers_are_kept_by_no_cache(client: Client) -> None:
    session_id, secret = issue(client)
    answer: HttpResponse = client.get(
        f"{API}/sessions/{session_id}/progress", headers={"X-Session-Secret": secret}
    )  # type: ignore[assignment]
    assert answer["Cache-Control"] == "no-store"


def test_before_anything_was_practised(client: Client) -> None:
    session_id, secret = issue(client)
    body = look(client, session_id, secret)
    assert body["session_id"] == session_id
    assert (body["topics"], body["resources"], body["weakest_topic"]) == ([], [], None)
    assert (body["streak_days"], body["due"], body["next_due"]) == (0, 0, None)
    assert set(body["attempts"].values()) == {0}


def test_mastery_attempts_dates_and_what_fits_the_weakest_topic(client: Client) -> None:
    tree(mathematics="", optimization="mathematics", calculus="mathematics", speech="")
    hard = add("Convex analysis", topics=["optimization"], level="advanced")
    easy = add("Gradient descent", topics=["optimization"], level="beginner")
    near = add("Derivatives", topics=["calculus"], level="beginner")
    add("A draft", topics=["optimization"], level="beginner", status="draft")
    add("Phonemes", topics=["speech"], level="beginner")
    session_id, secret = issue(client)
    weak, strong = choice(topic="optimization"), choice(topic="speech")
    ask(client, topic="optimization", session=session_id)
    attempt(client, weak, wrong_answer(weak), session=session_id)
    attempt(client, strong, right_answer(strong), session=session_id)
    body = look(client, session_id, secret)
    assert [t["topic"] for t in body["topics"]] == ["optimization", "speech"]
    first, second = body["topics"]
    assert (first["mastery"], first["level"], first["solved"], first["due"]) == (
        0.0, "beginner", 0, False,
    )  # fmt: skip
    assert (second["mastery"], second["solved"], second["exercises"]) == (0.15, 1, 1)
    assert first["stability_days"] < second["stability_days"]
    assert first["next_review"] < second["next_review"]
    assert body["next_due"] == first["next_review"]
    assert body["attempts"] == {
        "total": 2, "passed": 1, "partly": 0, "failed": 1, "ungraded": 0, "pending": 0,
    }  # fmt: skip
    assert (body["streak_days"], body["due"]) == (1, 0)
    assert body["weakest_topic"] == "optimization"
    assert [r["id"] for r in body["resources"]] == [easy.pk, hard.pk, near.pk]
    assert body["resources"][0]["url"] == easy.url
    Review.objects.filter(topic__slug="speech").update(due=timezone.now() - timedelta(hours=1))
    assert look(client, session_id, secret)["due"] == 1


def test_days_in_a_row_are_counted(client: Client) -> None:
    session_id, secret = issue(client)
    exercise = choice()
    for days in (0, 1, 2, 4):
        made = attempt(client, exercise, wrong_answer(exercise), session=session_id)
        Attempt.objects.filter(pk=made["attempt"]).update(
            created_at=timezone.now() - timedelta(days=days)
        )
    assert look(client, session_id, secret)["streak_days"] == 3


@pytest.mark.parametrize(
    ("ago", "length"),
    [([], 0), ([0], 1), ([1], 1), ([2], 0), ([0, 1, 2], 3), ([1, 2, 3], 3), ([0, 2, 3], 1),
     ([0, 1, 3], 2)],
)  # fmt: skip
def test_a_streak_lasts_until_the_end_of_the_next_day(ago: list[int], length: int) -> None:
    today = date(2026, 3, 1)
    assert streak([today - timedelta(days=n) for n in ago], today) == length


def test_the_progress_of_one_is_not_that_of_another(client: Client) -> None:
    one, other = issue(client), issue(client)
    exercise = choice()
    attempt(client, exercise, right_answer(exercise), session=one[0])
    assert look(client, *other)["attempts"]["total"] == 0
    assert look(client, *one)["attempts"]["total"] == 1
