"""The two lanes of work between the web processes and the workers.

`interactive` answers a request that is waiting: no retry, an early acknowledgement, and replies
pushed on a list of the caller's own, which it reads with a blocking pop. `durable` does what must
not be lost: late acknowledgement, idempotent tasks by row id; the truth is in PostgreSQL, so a lost
message costs time and nothing else.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from celery import Task
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError, OperationalError
from kombu.pools import producers

from learning_assistant import metrics
from learning_assistant.broker import UNREACHABLE, client, clock

logger = logging.getLogger(__name__)

INTERACTIVE = "interactive"
DURABLE = "durable"
LANES = (INTERACTIVE, DURABLE)
REPLY_KEPT_S = 10
QUESTION_KEPT_S = 1  # after its deadline, should a clock be a little off
# For each thread of a worker. Who waits behind more requests than these is not answered in time.
LONGEST_BACKLOG = 20


class LaneDown(Exception):
    """The broker did not take the request, or can't be read."""


@cache
def _publisher() -> Connection:
    # `retry=False` alone took 6 s with the broker stopped; max_retries 0 fails at once.
    return Connection(
        settings.CELERY_BROKER_URL,
        transport_options={
            "max_retries": 0,
            "socket_connect_timeout": 0.3,
            "socket_timeout": 0.4,
        },
    )


@dataclass(frozen=True)
class Call:
    """A request under way: its replies arrive one by one on a list of its own."""

    reply_key: str

    def next_reply(self, timeout: float) -> dict[str, Any] | None:
        """The next reply, or None when none came within *timeout* seconds.

        Raises `LaneDown` when the broker went away meanwhile.
        """
        ends = time.monotonic() + timeout
        while (left := ends - time.monotonic()) > 0.001:
            # Short turns: a frozen broker is noticed soon after the turn's own end.
            turn = min(left, 0.5)
            try:
                popped = client(0.8).blpop([self.reply_key], timeout=turn)
            except UNREACHABLE as error:
                raise LaneDown(str(error)) from error
            if popped is not None:
                reply: dict[str, Any] = json.loads(popped[1])
                return reply
        return None

    def leave(self) -> None:
        """Tell the worker that nobody reads its replies any more."""
        try:
            client().set(_gone(self.reply_key), 1, ex=REPLY_KEPT_S)
        except redis.exceptions.RedisError as error:
            logger.warning("the worker is not told that its caller left: %s", error)


def _gone(reply_key: str) -> str:
    return f"{reply_key}:gone"


def _question(reply_key: str) -> str:
    return f"{reply_key}:question"


def request(task: "Task[Any, Any]", payload: dict[str, Any], seconds: float) -> Call:
    """Send *task* on the interactive lane; it has *seconds* to push its replies.

    Raises `LaneDown` within about half a second when the broker can't be reached.
    """
    call = Call(f"la:reply:{uuid.uuid4().hex}")
    try:
        deadline = clock.now() + seconds
        # A learner's words are not for the queue, where they would stay while no worker runs.
        kept_ms = int((seconds + QUESTION_KEPT_S) * 1000)
        client(0.4).set(_question(call.reply_key), json.dumps(payload), px=kept_ms)
    except redis.exceptions.RedisError as error:
        raise LaneDown(str(error)) from error
    args = (call.reply_key, deadline)
    # No `expires`, which would compare the clocks of two hosts: the deadline says all.
    _publish(task, args, queue=INTERACTIVE)
    return call


def _publish(task: "Task[Any, Any]", args: tuple[Any, ...], **options: Any) -> None:
    """Send *task*, in one try. Raises `LaneDown`."""
    try:
        with producers[_publisher()].acquire(block=True, timeout=0.3) as producer:
            task.apply_async(args=args, producer=producer, retry=False, **options)
    except (redis.exceptions.RedisError, KombuError, OperationalError, OSError) as error:
        raise LaneDown(str(error)) from error


@dataclass(frozen=True)
class Caller:
    """The worker's side of a `Call`: how much time is left, and where replies go."""

    reply_key: str
    deadline: float

    def seconds_left(self) -> float:
        return self.deadline - clock.now()

    def question(self) -> dict[str, Any] | None:
        """What is asked, once; None when its time is over."""
        kept = client().getdel(_question(self.reply_key))
        if not kept:
            metrics.LATE.add(INTERACTIVE)
            return None
        question: dict[str, Any] = json.loads(str(kept))
        return question

    def reply(self, message: dict[str, Any]) -> bool:
        """Send *message*; whether anybody still reads."""
        pipe = client().pipeline(transaction=True)
        pipe.rpush(self.reply_key, json.dumps(message))
        pipe.expire(self.reply_key, REPLY_KEPT_S)
        pipe.exists(_gone(self.reply_key))
        return not pipe.execute()[-1]


def shed_backlog() -> None:
    """Let go of the oldest requests on the interactive lane, those beyond `LONGEST_BACKLOG`.

    Their callers have searched by words meanwhile. To take each from the lane only to see that
    costs milliseconds, while new ones wait behind them. Raises one of `broker.UNREACHABLE`.
    """
    # Celery pushes on the left and takes from the right.
    kept = LONGEST_BACKLOG * settings.INTERACTIVE_CONCURRENCY
    pipe = client().pipeline(transaction=True)
    pipe.llen(INTERACTIVE)
    pipe.ltrim(INTERACTIVE, 0, kept - 1)
    waiting, _ = pipe.execute()
    if waiting > kept:
        metrics.SHED.add(INTERACTIVE, by=waiting - kept)


def waits(lane: str, *tasks: str) -> bool:
    """Whether a message for one of *tasks* (names) waits on *lane*; no while no broker answers."""
    try:
        messages = client().lrange(lane, 0, -1)
    except UNREACHABLE:
        return False
    return any(task in str(message) for message in messages for task in tasks)


def enqueue(task: "Task[Any, Any]", *args: Any) -> None:
    """Queue *task* on the durable lane once the transaction has committed.

    A broker that is down is logged and forgiven: the row itself says what is left to do, and a
    task on the schedule looks for such rows.
    """
    transaction.on_commit(lambda: _publish_durably(task, args))


def _publish_durably(task: "Task[Any, Any]", args: tuple[Any, ...]) -> None:
    try:
        _publish(task, args, queue=DURABLE)
    except LaneDown as error:
        logger.warning("%s is not queued, the schedule will find it: %s", task.name, error)


# --- Who is at work ---------------------------------------------------------------------------
HEARTBEAT_S = 5.0
_warmers: dict[str, list[Callable[[], None]]] = {INTERACTIVE: [], DURABLE: []}


def on_warm_up(lane: str, warmer: Callable[[], None]) -> None:
    """Have workers of *lane* call *warmer* before they say that they are ready."""
    _warmers[lane].append(warmer)


def warmers(lane: str) -> list[Callable[[], None]]:
    return list(_warmers[lane])


def beat(lane: str, worker: str, *, gone: bool = False) -> None:
    """Say that *worker* serves *lane* (or does so no longer)."""
    key = f"la:worker:{lane}:{worker}"
    if gone:
        client().delete(key)
    else:
        client().set(key, "warm", ex=int(HEARTBEAT_S * 3))


def workers() -> dict[str, list[str]]:
    """The names of the warm workers of each lane. Raises one of `broker.UNREACHABLE`."""
    return {
        lane: sorted(
            key.rsplit(":", 1)[1] for key in client().scan_iter(f"la:worker:{lane}:*", count=1000)
        )
        for lane in LANES
    }
