"""When the request that a thread works for was there, and whether others waited for a thread.

The web server notes it (`patient_worker`); behind another one a request counts from its view on.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    at: float  # seconds of the monotonic clock
    crowded: bool = False  # all threads had a request


_noted: ContextVar[Arrival | None] = ContextVar("arrival", default=None)


def note(arrival: Arrival | None) -> None:
    """How this thread's request came."""
    _noted.set(arrival)


def current() -> Arrival:
    """How this thread's request came: now and alone, where nobody noted it."""
    return _noted.get() or Arrival(time.monotonic())
