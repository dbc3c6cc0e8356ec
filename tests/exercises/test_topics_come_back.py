"""FSRS per session and topic: `review` serves what is due, and answers move the date."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from exercises.models import Attempt, Practice, Review
from sessions.models import LearningSession
from tests.exercises.making import ask, attempt, choice, cloze, coding, right_answer, wrong_answer
from tests.resources.making import tree

pytestmark = pytest.mark.django_db
PAST = timedelta(days=1)


def make_due(*slugs: str, session: str = "s") -> None:
    """The reviews of these topics are due, the first one the longest."""
    for days, slug in enumerate(reversed(slugs), start=1):
        due = timezone.now() - days * PAST
        Review.objects.filter(session__session_id=session, topic__slug=slug).update(due=due)
    long_ago = timedelta(days=30)
    Practice.objects.update(
        served_at=F("served_at") - long_ago, solved_at=F("solved_at") - long_ago
    )


def test_nothing_is_due_before_anything_was_practised(client: Client) -> None:
    choice()
    body = ask(client, "review")
    assert (body["exercise"], body["next_due"]) == (None, None)


def test_a_wrong_answer_comes_back_in_minutes_a_right_one_the_next_day(client: Client) -> None:
    tree(wrong="", right="")
    wrong, right = choice(topic="wrong"), choice(topic="right")
    now = timezone.now()
    back = datetime.fromisoformat(attempt(client, wrong, wrong_answer(wrong))["next_review"])
    assert timedelta(minutes=9) < back - now < timedelta(minutes=11)
    later = datetime.fromisoformat(attempt(client, right, right_answer(right))["next_review"])
    assert timedelta(hours=23) < later - now < timedelta(hours=25)
    body = ask(client, "review")
    assert body["exercise"] is None
    assert datetime.fromisoformat(body["next_due"]) == back


def test_what_is_due_is_served_and_the_answer_moves_it(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, right_answer(exercise))
    make_due("optimization")
    body = ask(client, "review")
    assert (body["exercise"]["id"], body["exercise"]["repeat"]) == (exercise.pk, True)
    assert body["next_due"] is None
    answered = attempt(client, exercise, right_answer(exercise))
    assert answered["counted"]
    assert datetime.fromisoformat(answered["next_review"]) > timezone.now() + timedelta(days=1)
    assert ask(client, "review")["exercise"] is None


def test_each_right_answer_in_time_makes_the_pause_longer(client: Client) -> None:
    exercise = choice()
    pauses = []
    for _ in range(4):
        attempt(client, exercise, right_answer(exercise))
        review = Review.objects.get()
        pauses.append(review.due - timezone.now())
        aged = timezone.now() - (review.due - timezone.now())
        Review.objects.update(last_review=aged, due=timezone.now() - timedelta(minutes=1))
        Practice.objects.update(
            served_at=aged, solved_at=aged + timedelta(seconds=1)
        )  # fmt: skip
        ask(client, "review")
    assert pauses == sorted(pauses)
    assert pauses[-1] > timedelta(days=10)


def test_the_longest_overdue_topic_comes_first_and_each_topic_once(client: Client) -> None:
    tree(one="", two="", three="")
    for slug in ("one", "two", "three"):
        for exercise in (choice(topic=slug), cloze(topic=slug)):
            attempt(client, exercise, wrong_answer(exercise))
    make_due("two", "three", "one")
    served = [ask(client, "review")["exercise"]["topic"] for _ in range(3)]
    assert served == ["two", "three", "one"]


def test_what_was_failed_comes_before_what_is_new_or_solved(client: Client) -> None:
    failed, solved = choice(), choice()
    attempt(client, failed, wrong_answer(failed))
    attempt(client, solved, right_answer(solved))
    make_due("optimization")
    new = choice()
    order = []
    for _ in range(3):
        order.append(ask(client, "review")["exercise"]["id"])
    assert order == [failed.pk, new.pk, solved.pk]


def test_a_topic_narrows_the_review(client: Client) -> None:
    tree(mathematics="", speech="", optimization="mathematics")
    for slug in ("speech", "optimization"):
        exercise = choice(topic=slug)
        attempt(client, exercise, wrong_answer(exercise))
    make_due("speech", "optimization")
    assert ask(client, "review", topic="mathematics")["exercise"]["topic"] == "optimization"


def test_a_topic_whose_exercises_are_gone_is_passed_over(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, wrong_answer(exercise))
    make_due("optimization")
    exercise.state = "retired"
    exercise.save()
    assert ask(client, "review")["exercise"] is None


def test_reviews_of_one_session_are_nobody_elses(client: Client) -> None:
    exercise = choice()
    attempt(client, exercise, wrong_answer(exercise))
    make_due("optimization")
    assert ask(client, "review", session="another")["exercise"] is None
    assert ask(client, "review")["exercise"]["id"] == exercise.pk


def test_mastery_rises_to_the_next_level_and_the_exercises_with_it(client: Client) -> None:
    for _ in range(6):
        exercise = choice()
        attempt(client, exercise, right_answer(exercise))
    assert Review.objects.get().mastery > 0.4
    for level in ("beginner", "intermediate", "advanced"):
        choice(level=level)
    assert ask(client)["exercise"]["level"] == "intermediate"


def test_the_card_is_what_fsrs_makes_of_it_without_chance(client: Client) -> None:
    for session in ("one", "two"):
        LearningSession.objects.create(session_id=session)
        hard = coding(level="advanced")
        for exercise in (choice(), cloze(), hard):
            kind = right_answer if exercise.type == "cloze" else wrong_answer
            if exercise is not hard:
                attempt(client, exercise, kind(exercise), session=session)
    one, two = Review.objects.order_by("session__session_id")
    assert (one.state, one.step, one.stability, one.difficulty, one.mastery) == (
        two.state, two.step, two.stability, two.difficulty, two.mastery,
    )  # fmt: skip
    assert Attempt.objects.count() == 4
    assert one.due.tzinfo == UTC
