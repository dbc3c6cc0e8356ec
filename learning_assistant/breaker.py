"""Circuit breakers: a model server that lets everybody wait is not asked for a while.

Nygard, Release It! (2007), chapter 5. Each process has breakers of its own. What the server refuses
at once costs nobody time and does not count.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
from circuitbreaker import CircuitBreaker

from learning_assistant import metrics
from learning_assistant.broker import client
from learning_assistant.ollama import ModelUnavailable

# After so long one caller tries again: an outage ends for learners within this time.
RECOVERY_S = 3


class LeftAlone(ModelUnavailable):
    """The model server is not asked at all."""


_names: list[str] = []


def names() -> list[str]:
    """Of all breakers."""
    return list(_names)


def open_key(name: str) -> str:
    """What stands in the broker while a process has the breaker open."""
    return f"la:breaker:{name}"


def breaker(name: str, failures: int) -> CircuitBreaker:
    """One that opens after so many *failures* in a row."""
    _names.append(name)
    return CircuitBreaker(
        failure_threshold=failures,
        recovery_timeout=RECOVERY_S,
        expected_exception=lambda type_, value: type_ is ModelUnavailable,
        name=name,
    )


@contextmanager
def guarded(by: CircuitBreaker) -> Iterator[None]:
    """Ask the model server inside; raises `LeftAlone` at once while the breaker is open."""
    if by.opened:
        raise LeftAlone(f"not asked: the last {by.failure_count} calls ({by.name}) failed")
    try:
        with by:
            yield
    finally:
        if by.opened:
            _tell(by.name)


def _tell(name: str) -> None:
    with suppress(redis.exceptions.RedisError):
        if client(0.2).set(open_key(name), 1, ex=RECOVERY_S, nx=True):
            metrics.BREAKS.add(name)
