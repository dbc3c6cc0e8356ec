"""Where the worker has enough to do, a question is answered by words at once and does not wait."""

import threading
import time
from typing import Any

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from learning_assistant import arrival, asking
from learning_assistant.arrival import Arrival
from learning_assistant.lanes import INTERACTIVE
from tests.resources.making import add, index

pytestmark = pytest.mark.alone
PATH = "/api/learning/resources"


@pytest.fixture
def catalogue(db: None, valkey: "redis.Redis") -> None:
    for title in ("Zebra stripes", "Zebra herds", "Zebra maps"):
        add(title)
    index()


def ask(client: Client) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    body = {"query": "zebra", "session_id": "s"}
    answer = client.post(PATH, body, content_type="application/json")
    assert answer.status_code == 200
    return answer.json(), time.monotonic() - began


def is_by_words(answer: dict[str, Any]) -> bool:
    return answer["degraded_reasons"] == ["queue"] and len(answer["resources"]) == 3


def test_one_more_than_there_are_threads_does_not_wait(
    catalogue: None, client: Client, settings: Settings, valkey: "redis.Redis"
) -> None:
    settings.INTERACTIVE_CONCURRENCY, settings.FALLBACK_AFTER_S = 2, 5.0
    inside = [asking._bulkhead.enter() for _ in range(2)]
    try:
        assert inside == [True, True]
        answer, took = ask(client)
        assert is_by_words(answer)
        assert took < 5.0
        assert valkey.llen(INTERACTIVE) == 0
    finally:
        for _ in inside:
            asking._bulkhead.leave()


def test_who_was_told_or_gave_up_makes_room(
    catalogue: None, client: Client, settings: Settings, valkey: "redis.Redis"
) -> None:
    settings.INTERACTIVE_CONCURRENCY, settings.FALLBACK_AFTER_S = 1, 0.1
    for number in (1, 2, 3):
        assert is_by_words(ask(client)[0])
        assert valkey.llen(INTERACTIVE) == number


@pytest.mark.parametrize(("seconds_ago", "crowded"), [(0.5, False), (0.0, True)])
def test_who_waited_for_the_web_process_does_not_wait_for_the_worker(
    catalogue: None, client: Client, settings: Settings, valkey: "redis.Redis",
    seconds_ago: float, crowded: bool,
) -> None:  # fmt: skip
    settings.FALLBACK_AFTER_S = 5.0
    arrival.note(Arrival(time.monotonic() - seconds_ago, crowded))
    try:
        answer, took = ask(client)
    finally:
        arrival.note(None)
    assert is_by_words(answer)
    assert took < 5.0
    assert answer["took_ms"] >= 1000 * seconds_ago
    assert valkey.llen(INTERACTIVE) == 0


def test_threads_that_enter_at_once_are_counted(settings: Settings) -> None:
    settings.INTERACTIVE_CONCURRENCY = 3
    bulkhead, start = asking.Bulkhead(), threading.Barrier(12)
    entered: list[bool] = []

    def enter() -> None:
        start.wait()
        entered.append(bulkhead.enter())

    threads = [threading.Thread(target=enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(entered) == 3
