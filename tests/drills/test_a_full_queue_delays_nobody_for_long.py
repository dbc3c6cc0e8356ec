"""Messages that nobody waits for any more are let go; the two lanes do not wait for each other."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from learning_assistant.celery import app
from learning_assistant.lanes import DURABLE, INTERACTIVE
from tests.drills.drilling import Drill, Expected

STALE = 3000


def fill(drill: Drill, lane: str, task: str, count: int, *args: object) -> None:
    """Put *count* messages on *lane*, as Celery does."""
    client = drill.stack.broker()
    kwargs = client.connection_pool.connection_kwargs
    url = f"redis+socket://{kwargs['path']}"
    try:
        with app.connection_for_write(url) as link, app.amqp.Producer(link) as producer:
            before = client.llen(lane)
            app.send_task(task, args=args, queue=lane, producer=producer)
            raw = client.lindex(lane, 0)
            with client.pipeline(transaction=False) as pipe:
                for _ in range(count - 1):
                    # Each message is one of its own: the worker must not take them for the same.
                    tag = str(uuid.uuid4())
                    pipe.lpush(lane, _renamed(str(raw), tag))
                pipe.execute()
        assert client.llen(lane) >= before + count
    finally:
        client.close()


def _renamed(raw: str, tag: str) -> str:
    message = json.loads(raw)
    message["headers"]["id"] = message["properties"]["correlation_id"] = tag
    message["properties"]["delivery_tag"] = tag
    return json.dumps(message)


@contextmanager
def no_worker(drill: Drill, lane: str) -> Iterator[None]:
    drill.stack.supervisorctl("stop", lane)
    try:
        yield
    finally:
        drill.stack.supervisorctl("start", lane)


@pytest.mark.parametrize("lane", [INTERACTIVE, pytest.param(DURABLE, marks=pytest.mark.drill)])
def test_what_piled_up_while_no_worker_ran(drill: Drill, lane: str) -> None:
    @contextmanager
    def hurt() -> Iterator[None]:
        with no_worker(drill, lane):
            if lane == DURABLE:
                fill(drill, lane, "exercises.tasks.grade_late", STALE, str(uuid.uuid4()))
            else:
                stale = f"la:reply:{uuid.uuid4().hex}", 1.0
                fill(drill, lane, "resources.tasks.suggest", STALE, *stale)
            yield

    missing = {"queue"} if lane == INTERACTIVE else set()
    drill.run(
        f"lane {lane}: {STALE:,} stale messages",
        hurt,
        Expected(frozenset(missing), settles_s=0.5),
        is_back=lambda: drill.is_warm(lane),
    )
    client = drill.stack.broker()
    try:
        if lane == INTERACTIVE:
            assert client.llen(lane) < 10
        assert len(list(client.scan_iter("la:reply:*"))) < 50
    finally:
        client.close()
