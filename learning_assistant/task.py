"""The base of every task."""

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import redis
import structlog
from celery import Task
from django.db import close_old_connections
from structlog.contextvars import bind_contextvars, clear_contextvars

from learning_assistant import metrics, request_ids, tracing
from learning_assistant.broker import clock

log = structlog.get_logger(__name__)
# Of a message, beside Celery's own.
REQUEST_ID = "request_id"
SENT_AT = "sent_at"  # on the broker's clock


class LaneTask(Task):  # type: ignore[type-arg]  # Celery's class is generic to the stubs only
    """Keeps a thread's database connection between tasks, and checks it before each.

    Each message carries the id of the request that sent it, and is done under that id; what the
    schedule sends has one of its own.
    """

    abstract = True
    _begun: ContextVar[float] = ContextVar("task_begun")
    _end: ContextVar[tracing.End] = ContextVar("task_span")

    def apply_async(self, *args: Any, headers: Mapping[str, Any] | None = None, **kw: Any) -> Any:
        sent: dict[str, Any] = {REQUEST_ID: request_ids.current() or uuid.uuid4().hex}
        sent |= dict(headers or {}) | tracing.carrier()
        with suppress(redis.exceptions.RedisError):  # sending says so itself
            sent[SENT_AT] = clock.now()
        return super().apply_async(*args, headers=sent, **kw)

    def before_start(self, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        clear_contextvars()
        request_id = request_ids.taken_or_made(self.request.get(REQUEST_ID))
        bind_contextvars(request_id=request_id, task=self.name)
        headers = {name: self.request.get(name) for name in ("traceparent", "tracestate")}
        end = tracing.begin(str(self.name), "consumer", sent=headers, request_id=request_id)
        self._end.set(end)
        self._begun.set(time.monotonic())
        self._count_wait()
        close_old_connections()

    def after_return(self, status: str, *args: Any) -> None:
        seconds, outcome = time.monotonic() - self._begun.get(), status.lower()
        metrics.TASKS.observe(seconds, str(self.name), outcome)
        log.info("done", status=outcome, ms=round(seconds * 1000, 1))
        self._end.get()("" if outcome == "success" else outcome)
        clear_contextvars()

    def _count_wait(self) -> None:
        sent_at = self.request.get(SENT_AT)
        lane = (self.request.delivery_info or {}).get("routing_key")
        if isinstance(sent_at, float) and lane and not self.request.eta:
            with suppress(redis.exceptions.RedisError):
                metrics.LANE_WAITS.observe(max(clock.now() - sent_at, 0.0), lane)
