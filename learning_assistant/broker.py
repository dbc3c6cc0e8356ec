"""Clients of the broker (Redis or Valkey) beside Celery's own, and the broker's clock."""

import threading
import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

UNREACHABLE = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)


@cache
def client(socket_timeout: float = 1.0) -> redis.Redis:
    """A client that answers or fails within *socket_timeout* seconds and never retries."""
    made: redis.Redis = redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        protocol=2,
        socket_timeout=socket_timeout,
        socket_connect_timeout=0.3,
        retry=Retry(NoBackoff(), 0),
    )
    return made


class Clock:
    """The broker's clock, which web and workers share however wrong their own may be.

    The difference to the local monotonic clock is measured with `TIME` and kept for a while, so a
    step of the local wall clock changes nothing.
    """

    def __init__(self, keep_s: float = 30.0) -> None:
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._offset = 0.0
        self._measured_at: float | None = None

    def now(self) -> float:
        """Seconds since the epoch on the broker's clock. Raises one of `UNREACHABLE`."""
        with self._lock:
            asked = time.monotonic()
            if self._measured_at is None or asked - self._measured_at > self._keep_s:
                seconds, microseconds = client(0.3).time()
                answered = time.monotonic()
                self._offset = seconds + microseconds / 1e6 - (asked + answered) / 2
                self._measured_at = answered
            return time.monotonic() + self._offset


clock = Clock()
