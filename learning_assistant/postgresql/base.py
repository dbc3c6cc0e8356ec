"""Django's PostgreSQL backend with an end to every wait.

`statement_timeout` is kept by the server and does not help against one that hangs or is frozen.
Here the client keeps the time: inside `time_limit(seconds)` a query that has not ended by then
raises `OperationalError` and its connection is closed.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg.abc import PQGen

RV = TypeVar("RV")
_ends_at: ContextVar[float | None] = ContextVar("database_deadline", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """All queries inside the block together get *seconds*; a limit already set only shrinks."""
    now_set = _ends_at.get()
    ends = time.monotonic() + max(seconds, 0.0)
    token = _ends_at.set(ends if now_set is None else min(now_set, ends))
    try:
        yield
    finally:
        _ends_at.reset(token)


class Connection(psycopg.Connection[Any]):
    """A psycopg connection that keeps the time of `time_limit`."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        ends = _ends_at.get()
        if ends is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            # Zero polls once: what has already arrived is taken even when time is up.
            return super().wait(gen, interval, max(ends - time.monotonic(), 0.0))
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()  # in the middle of an answer: of no use to anyone else
            raise psycopg.OperationalError("PostgreSQL did not answer in time") from error


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return Connection.connect(**conn_params)
