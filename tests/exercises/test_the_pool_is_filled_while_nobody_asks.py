"""Workers make a few exercises at a time where some are missing, and give way to learners."""

from collections import Counter
from typing import Any

import pytest
import redis
from django.db import connection
from pytest_django import Settings

from exercises.generation import pool
from exercises.generation.making import Outcome
from exercises.models import Exercise, ExerciseState
from learning_assistant import admission, lanes
from tests.exercises import making as exercises
from tests.exercises.test_code_makes_choices_and_gaps import PAPERS
from tests.resources import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def papers(valkey: redis.Redis) -> None:
    making.tree(model_efficiency="")
    for title, summary in PAPERS.items():
        about = {"kind": "paper", "level": "advanced", "topics": ["model-efficiency"]}
        making.add(title, summary=summary, **about)
    making.index()


def made(counts: Counter[Outcome]) -> int:
    return counts[Outcome.PROVEN] + counts[Outcome.PUBLISHED]


def test_no_more_than_the_target_of_each_place(papers: None, settings: Settings) -> None:
    settings.EXERCISE_POOL_TARGET = 2
    assert made(pool.fill()) == 2
    (place,) = set(Exercise.objects.values_list("type", "topic__slug", "level"))
    assert place == ("multiple_choice", "model-efficiency", "advanced")
    assert made(pool.fill()) == 0


def test_what_waits_for_staff_counts_and_what_was_retired_does_not(
    papers: None, settings: Settings
) -> None:
    settings.EXERCISE_POOL_TARGET = 1
    pool.fill()
    Exercise.objects.update(state=ExerciseState.RETIRED)
    assert made(pool.fill()) == 1
    assert made(pool.fill()) == 0


def test_the_bank_counts(papers: None, settings: Settings) -> None:
    settings.EXERCISE_POOL_TARGET = 1
    exercises.choice(topic="model-efficiency", level="advanced")
    assert made(pool.fill()) == 0


def test_a_few_in_one_run(
    papers: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXERCISE_POOL_TARGET = 100
    monkeypatch.setattr(pool, "MOST_MADE", 2)
    assert made(pool.fill()) == 2
    assert made(pool.fill()) == 2


def test_it_ends_in_time(papers: None, settings: Settings) -> None:
    settings.EXERCISE_POOL_TARGET = 100
    assert sum(pool.fill(seconds=0).values()) == 1


def test_a_place_that_gives_nothing_is_left_alone(
    papers: None, settings: Settings, valkey: redis.Redis
) -> None:
    settings.EXERCISE_POOL_TARGET = 100
    while sum(pool.fill().values()):
        pass
    assert valkey.exists(f"{pool.EMPTY}multiple_choice:model-efficiency:advanced")
    assert sum(pool.fill().values()) == 0


@pytest.mark.parametrize("lane", [lanes.INTERACTIVE, lanes.DURABLE])
def test_it_gives_way_to_what_waits(lane: str, papers: None, valkey: redis.Redis) -> None:
    valkey.lpush(lane, "somebody")
    assert pool.fill() == Counter()


def test_it_gives_way_to_an_answer_under_way(papers: None) -> None:
    with admission.model_slot(5):
        assert pool.fill() == Counter()


def test_it_stops_when_somebody_asks(
    papers: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, valkey: redis.Redis
) -> None:
    settings.EXERCISE_POOL_TARGET = 100
    store = pool.Maker._store

    def and_somebody_asks(*args: Any) -> None:
        store(*args)
        valkey.lpush(lanes.INTERACTIVE, "somebody")

    monkeypatch.setattr(pool.Maker, "_store", and_somebody_asks)
    assert made(pool.fill()) == 1


def test_two_runs_at_once_are_one(papers: None) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [pool.LOCK])
            assert pool.fill() == Counter()
            cursor.execute("SELECT pg_advisory_unlock(%s)", [pool.LOCK])
    finally:
        other.close()
    assert made(pool.fill())


def test_a_target_of_zero_turns_it_off(papers: None, settings: Settings) -> None:
    settings.EXERCISE_POOL_TARGET = 0
    assert pool.fill() == Counter()


def test_without_the_model_server_it_waits(papers: None, no_model_server: None) -> None:
    assert pool.fill() == Counter()


def test_without_the_broker_it_waits(papers: None, no_broker: None) -> None:
    assert pool.fill() == Counter()


def test_the_last_slot_is_left_to_learners(settings: Settings, valkey: redis.Redis) -> None:
    settings.MODEL_SLOTS = 2
    with (
        admission.model_slot(5, leave=1) as background,
        admission.model_slot(5, leave=1) as another,
        admission.model_slot(5) as learner,
    ):
        assert (background, another, learner) == (1, 0, 2)  # calls under way, itself among them
