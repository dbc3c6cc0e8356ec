"""Requests that pile up on the interactive lane: the newest can still be answered, and stay."""

import redis
from pytest_django import Settings

from learning_assistant import lanes
from learning_assistant.lanes import Caller
from resources import tasks
from tests.conftest import message

SENT = 60


def test_the_oldest_beyond_what_is_kept(valkey: "redis.Redis", settings: Settings) -> None:
    settings.INTERACTIVE_CONCURRENCY = 2
    for number in range(SENT):
        lanes.request(tasks.suggest, {"query": str(number), "limit": 3}, 1.7)
    lanes.shed_backlog()
    kept = []
    while raw := valkey.rpop(lanes.INTERACTIVE):
        _, (reply_key, deadline) = message(str(raw))
        kept.append((Caller(reply_key, deadline).question() or {})["query"])
    assert kept == [str(n) for n in range(SENT - 2 * lanes.LONGEST_BACKLOG, SENT)]


def test_a_lane_that_is_not_full(valkey: "redis.Redis") -> None:
    lanes.request(tasks.suggest, {"query": "q", "limit": 3}, 1.7)
    lanes.shed_backlog()
    assert valkey.llen(lanes.INTERACTIVE) == 1
