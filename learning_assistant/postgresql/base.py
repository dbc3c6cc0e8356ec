"""Django's PostgreSQL backend with an end to every wait.

`statement_timeout` is kept by the server and does not help against one that hangs or is frozen.
Here the client keeps the time: inside `time_limit(seconds)` a query that has not ended by then
raises `OperationalError` and its connection is closed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg.abc import PQGen

from learning_assistant import tracing

RV = TypeVar("RV")


@dataclass
class _Limit:
    ends: float  # on the monotonic clock

    def left(self) -> float:
        return max(self.ends - time.monotonic(), 0.0)


_limit: ContextVar[_Limit | None] = ContextVar("database_limit", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """All queries inside the block together get *seconds*; a limit already set only shrinks."""
    outer = _limit.get()
    ends = time.monotonic() + max(seconds, 0.0)
    token = _limit.set(_Limit(min(ends, outer.ends) if outer else ends))
    try:
        yield
    finally:
        _limit.reset(token)


class Connection(psycopg.Connection[Any]):
    """A psycopg connection that keeps the time of `time_limit`."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = _limit.get()
        if limit is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            # Zero polls once: what has already arrived is taken even when time is up.
            return super().wait(gen, interval, limit.left())
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()  # in the middle of an answer: of no use to anyone else
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from error


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            self.execute_wrappers.append(tracing.sql)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        limit = _limit.get()
        if limit and not limit.left():
            raise psycopg.OperationalError("no time is left to connect to PostgreSQL")
        try:
            return Connection.connect(**conn_params)
        except psycopg.OperationalError:
            if limit:
                # libpq's own timeout is two seconds at least: nobody waits for it twice.
                limit.ends = time.monotonic()
            raise


def brief(error: Exception) -> str:
    """What a log line may say of a database *error*: others than outages may quote values."""
    if type(error).__name__ in ("OperationalError", "InterfaceError"):
        return (str(error).strip().splitlines() or ["PostgreSQL is away"])[0]
    return type(error).__name__
