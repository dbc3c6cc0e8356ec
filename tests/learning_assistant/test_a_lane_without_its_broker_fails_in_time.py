"""Whoever asks a lane waits for no longer than told, whatever became of the broker."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from learning_assistant import lanes
from learning_assistant.celery import app
from learning_assistant.lanes import Call, Caller, LaneDown
from resources import tasks
from tests.conftest import forget_broker_clients, message

pytestmark = pytest.mark.alone

PAYLOAD = {"query": "why is the sky blue", "limit": 3}


@pytest.fixture
def frozen_broker(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A broker that takes connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "frozen.sock"))
        listener.listen(16)
        forget_broker_clients()
        settings.REDIS_URL = f"unix://{tmp_path}/frozen.sock"
        settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/frozen.sock"
        yield
        forget_broker_clients()


def test_a_request_to_a_broker_that_is_gone(no_broker: None) -> None:
    began = time.monotonic()
    with pytest.raises(LaneDown):
        lanes.request(tasks.suggest, PAYLOAD, 1.7)
    assert time.monotonic() - began < 1


def test_a_request_to_a_broker_that_is_frozen(frozen_broker: None) -> None:
    began = time.monotonic()
    with pytest.raises(LaneDown):
        lanes.request(tasks.suggest, PAYLOAD, 1.7)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("seconds", [0, 0.2, 1.2])
def test_a_reply_that_never_comes(valkey: "redis.Redis", seconds: float) -> None:
    began = time.monotonic()
    assert Call("la:reply:nobody").next_reply(seconds) is None
    assert seconds - 0.05 <= time.monotonic() - began < seconds + 0.3


def test_a_reply_from_a_broker_that_went_away(no_broker: None) -> None:
    began = time.monotonic()
    with pytest.raises(LaneDown):
        Call("la:reply:nobody").next_reply(1.5)
    assert time.monotonic() - began < 1


def test_a_reply_from_a_broker_that_froze(frozen_broker: None) -> None:
    began = time.monotonic()
    with pytest.raises(LaneDown):
        Call("la:reply:nobody").next_reply(1.5)
    assert time.monotonic() - began < 2


def test_replies_arrive_in_order_and_do_not_stay(valkey: "redis.Redis") -> None:
    caller = Caller("la:reply:test", deadline=0)
    caller.reply({"n": 1})
    caller.reply({"n": 2})
    assert 0 < valkey.ttl("la:reply:test") <= lanes.REPLY_KEPT_S
    call = Call("la:reply:test")
    assert [call.next_reply(0.5), call.next_reply(0.5)] == [{"n": 1}, {"n": 2}]
    assert not valkey.exists("la:reply:test")


def test_the_deadline_is_kept_in_the_brokers_clock(valkey: "redis.Redis") -> None:
    lanes.request(tasks.suggest, PAYLOAD, 1.7)
    with app.connection_for_read() as link:
        queue = link.SimpleQueue(lanes.INTERACTIVE)
        message = queue.get(timeout=1)
        message.ack()
        queue.close()
    (reply_key, deadline), _, _ = message.payload
    seconds, microseconds = valkey.time()
    assert 1.4 < deadline - (seconds + microseconds / 1e6) <= 1.7
    assert 1.3 < Caller(reply_key, deadline).seconds_left() <= 1.7


def test_a_question_is_taken_once_and_gone_after_its_deadline(valkey: "redis.Redis") -> None:
    call = lanes.request(tasks.suggest, PAYLOAD, 1.7)
    (raw,) = valkey.lrange(lanes.INTERACTIVE, 0, -1)
    _, args = message(str(raw))
    assert args[0] == call.reply_key
    assert "the sky" not in f"{raw}{args}"
    (kept,) = valkey.keys("la:reply:*")
    assert 0 < valkey.pttl(kept) <= 2700
    caller = Caller(call.reply_key, deadline=0)
    assert caller.question() == PAYLOAD
    assert caller.question() is None
    tasks.suggest(call.reply_key, 0)  # which asks nothing


@pytest.mark.django_db
def test_durable_work_without_the_broker_raises_nothing(
    no_broker: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        lanes.enqueue(tasks.index_resources, [1])
    assert len(callbacks) == 1
    assert time.monotonic() - began < 1.5
    assert connection.in_atomic_block


@pytest.mark.django_db
def test_durable_work_is_queued_after_the_commit_only(
    valkey: "redis.Redis", django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        lanes.enqueue(tasks.index_resources, [1])
        assert valkey.llen(lanes.DURABLE) == 0
    assert valkey.llen(lanes.DURABLE) == 1
