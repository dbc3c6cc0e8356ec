"""What every question to the interactive lane shares: one task, its replies, one deadline."""

import logging
import time
from typing import Any

from celery import Task
from django.conf import settings

from learning_assistant import lanes

logger = logging.getLogger(__name__)


class Asking:
    """A question under way; `missing` are the parts that were not there: "queue", "model", …"""

    def __init__(self, task: "Task[Any, Any]", payload: dict[str, Any]) -> None:
        self.missing: list[str] = []
        self._started = time.monotonic()
        self._call = self._send(task, payload)

    def mark(self, *parts: str) -> None:
        """Count *parts* as missing."""
        self.missing.extend(part for part in parts if part not in self.missing)

    def elapsed_ms(self) -> float:
        return round((time.monotonic() - self._started) * 1000, 1)

    def first_reply(self) -> dict[str, Any] | None:
        """What the worker found; without it the web process has to search by itself.

        It comes within `FALLBACK_AFTER_S`, or the queue counts as missing.
        """
        reply = self.reply_within(settings.FALLBACK_AFTER_S)
        if reply is None or "error" in reply:
            # After an error the web process may still reach the database; if not, it says so.
            self.mark("queue")
            return None
        self.mark(*reply["missing"])
        return reply

    def last_reply(self) -> dict[str, Any] | None:
        """The next reply, or None when it did not come within the deadline."""
        return self.reply_within(settings.DEADLINE_S)

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

    def _send(self, task: "Task[Any, Any]", payload: dict[str, Any]) -> lanes.Call | None:
        try:
            return lanes.request(task, payload, settings.DEADLINE_S)
        except lanes.LaneDown as error:
            logger.warning("the interactive lane is down: %s", error)
            self.mark("queue")
            return None
