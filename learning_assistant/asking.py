"""What every question to the interactive lane shares: one task, its replies, one deadline."""

import logging
import threading
import time
from typing import Any

from celery import Task
from django.conf import settings

from learning_assistant import arrival, lanes, metrics

logger = logging.getLogger(__name__)
# Who waited so long for a thread of the web process does not wait for one of the worker too.
WAITED_MS = 200.0


class Bulkhead:
    """How many questions of this process wait for a worker: as many as it has threads.

    One more would wait behind them, to be told too late, and hold a thread meanwhile that could
    have searched by words. Nygard, Release It! (2007), chapter 5.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0

    def enter(self) -> bool:
        with self._lock:
            if self._inside >= settings.INTERACTIVE_CONCURRENCY:
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1


_bulkhead = Bulkhead()


class Asking:
    """A question under way; `missing` are the parts that were not there: "queue", "model", …

    One that *can_do_without* the worker does not wait where it would be told too late.
    """

    def __init__(
        self, task: "Task[Any, Any]", payload: dict[str, Any], *, can_do_without: bool = True
    ) -> None:
        self.missing: list[str] = []
        came = arrival.current()
        self._started = came.at
        self._is_inside = False
        if can_do_without and not came.crowded and self.elapsed_ms() < WAITED_MS:
            self._is_inside = _bulkhead.enter()
        self._call: lanes.Call | None = None
        if self._is_inside or not can_do_without:
            self._call = self._send(task, payload)
        else:
            self.mark("queue")

    def mark(self, *parts: str) -> None:
        """Count *parts* as missing."""
        self.missing.extend(part for part in parts if part not in self.missing)

    def count(self, operation: str) -> None:
        """Count the answer's missing parts, once it is whole."""
        for part in self.missing:
            metrics.DEGRADED.add(operation, part)

    def elapsed_ms(self) -> float:
        return round((time.monotonic() - self._started) * 1000, 1)

    def first_reply(self) -> dict[str, Any] | None:
        """What the worker found; without it the web process has to search by itself.

        It comes within `FALLBACK_AFTER_S`, or the queue counts as missing.
        """
        try:
            reply = self.reply_within(settings.FALLBACK_AFTER_S)
        finally:
            self._go_out()
        if reply is None or "error" in reply:
            # After an error the web process may still reach the database; if not, it says so.
            self.mark("queue")
            return None
        self.mark(*reply["missing"])
        return reply

    def last_reply(self) -> dict[str, Any] | None:
        """The next reply, or None when it did not come within the deadline."""
        return self.reply_within(settings.DEADLINE_S)

    def leave(self) -> None:
        """Nobody waits for the rest."""
        if self._call is not None:
            self._call.leave()

    def reply_within(self, seconds: float) -> dict[str, Any] | None:
        """The next reply, or None when it did not come within *seconds* of the question.

        A lane that is down counts as missing.
        """
        if self._call is None:
            return None
        try:
            return self._call.next_reply(self._started + seconds - time.monotonic())
        except lanes.LaneDown as error:
            logger.warning("the reply can't be read: %s", error)
            self.mark("queue")
            return None

    def _go_out(self) -> None:
        if self._is_inside:
            self._is_inside = False
            _bulkhead.leave()

    def _send(self, task: "Task[Any, Any]", payload: dict[str, Any]) -> lanes.Call | None:
        try:
            left = max(self._started + settings.DEADLINE_S - time.monotonic(), 0.0)
            return lanes.request(task, payload, left)
        except lanes.LaneDown as error:
            logger.warning("the interactive lane is down: %s", error)
            self.mark("queue")
            return None
