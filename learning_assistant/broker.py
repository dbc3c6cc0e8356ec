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

    def __init__(self, keep_s: float = 30.0, give_up_s: float = 1.0) -> None:
        self._keep_s = keep_s
        self._give_up_s = give_up_s
        self._measuring = threading.Lock()
        self._offset: float | None = None
        self._measure_at = float("-inf")

    def now(self) -> float:
        """Seconds since the epoch on the broker's clock. Raises one of `UNREACHABLE`.

        Only one thread measures; the others go on with what was measured before, and for
        *give_up_s* after a failure nobody tries.
        """
        if time.monotonic() > self._measure_at and self._measuring.acquire(blocking=False):
            try:
                self._measure()
            finally:
                self._measuring.release()
        if self._offset is None:
            raise redis.exceptions.ConnectionError("the broker's clock is not known yet")
        return time.monotonic() + self._offset

    def _measure(self) -> None:
        asked = time.monotonic()
        self._measure_at = asked + self._give_up_s
        seconds, microseconds = client(0.3).time()
        answered = time.monotonic()
        self._offset = seconds + microseconds / 1e6 - (asked + answered) / 2
        self._measure_at = answered + self._keep_s


clock = Clock()
