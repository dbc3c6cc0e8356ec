"""The parts that the whole consists of, for `doctor` and for `health/ready`.

Apps register what they add in `AppConfig.ready`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import psycopg
import redis
from django.db import DatabaseError, connection

from learning_assistant import lanes
from learning_assistant.broker import client
from learning_assistant.postgresql.base import time_limit

TIMEOUT_S = 3.0


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Line:
    """One part: how it is, and the command or setting that mends it."""

    part: str
    state: State
    detail: str
    mend: str = ""
    blocks: bool = True  # whether `health/ready` waits for it where it is not ok
    reason: str = "not ready"  # what `health/ready` says to anybody: no address, no error's text


Probe = Callable[[], Iterator[Line]]
_probes: list[Probe] = []


def register(probe: Probe) -> None:
    _probes.append(probe)


def lines() -> Iterator[Line]:
    """All parts, the project's own first."""
    for probe in [_postgresql, _broker, _workers, *_probes]:
        yield from probe()


def _postgresql() -> Iterator[Line]:
    try:
        with time_limit(TIMEOUT_S), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'),"
                " (SELECT extversion FROM pg_extension WHERE extname = 'vector')"
            )
            server, vector = cursor.fetchone() or ("?", None)
    except (DatabaseError, psycopg.Error) as error:
        yield Line(
            "PostgreSQL",
            State.FAIL,
            str(error).strip().splitlines()[0],
            "start it, or set DATABASE_URL",
            reason="can't be reached",
        )
        return
    yield Line("PostgreSQL", State.OK, f"{server}")
    if vector is None:
        mend = ".venv/bin/python manage.py migrate"
        yield Line("pgvector", State.FAIL, "missing", mend, reason="is not installed")
    else:
        yield Line("pgvector", State.OK, str(vector))


def _broker() -> Iterator[Line]:
    try:
        info = client(TIMEOUT_S).info("server")
    except redis.exceptions.RedisError as error:
        mend = "start it, or set REDIS_URL"
        yield Line("broker", State.FAIL, str(error), mend, reason="can't be reached")
        return
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info.get("redis_version")
    yield Line("broker", State.OK, f"{name} {version}")


def _workers() -> Iterator[Line]:
    try:
        at_work = lanes.workers()
    except redis.exceptions.RedisError:
        return  # the line above says so
    for lane, names in at_work.items():
        if names:
            yield Line(f"lane {lane}", State.OK, f"{len(names)} worker: {', '.join(names)}")
        else:
            reason = "no worker is warm"
            yield Line(f"lane {lane}", State.WARN, "no worker", "make run", reason=reason)
