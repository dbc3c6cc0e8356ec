"""What can be looked at whenever somebody asks: lanes, slots, breakers, and what apps add."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from learning_assistant import admission, breaker, lanes
from learning_assistant.broker import client, clock
from learning_assistant.task import SENT_AT

TIMEOUT_S = 0.3


@dataclass(frozen=True)
class Gauge:
    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Source = Callable[[], Iterator[Gauge]]
_of_database: list[Source] = []


def register(source: Source) -> None:
    """Add a *source* that asks PostgreSQL; it may raise Django's `DatabaseError`."""
    _of_database.append(source)


def of_database() -> Iterator[Gauge]:
    for source in _of_database:
        yield from source()


def of_broker() -> Iterator[Gauge]:
    """Raises a `RedisError`."""
    broker = client(TIMEOUT_S)
    pipe = broker.pipeline(transaction=False)
    for lane in lanes.LANES:
        pipe.llen(lane)
        pipe.lindex(lane, -1)  # Celery pushes on the left and takes from the right
    pipe.zcount(admission.KEY, clock.now() * 1000, "+inf")
    names = breaker.names()
    for name in names:
        pipe.exists(breaker.open_key(name))
    found = pipe.execute()
    for position, lane in enumerate(lanes.LANES):
        depth, oldest = found[2 * position : 2 * position + 2]
        of_lane = {"lane": lane}
        yield Gauge("lane_depth", "Messages that wait for a worker.", depth, of_lane)
        age = _age(oldest) if oldest else 0.0
        yield Gauge("lane_oldest_seconds", "What the oldest of them has waited.", age, of_lane)
    taken, *are_open = found[2 * len(lanes.LANES) :]
    yield Gauge("model_slots_taken", "Calls for learners under way.", taken)
    yield Gauge("model_slots", "As many may be under way.", settings.MODEL_SLOTS)
    for name, is_open in zip(names, are_open, strict=True):
        help_ = "Whether a worker leaves the model server alone."
        yield Gauge("breaker_open", help_, is_open, {"breaker": name})
    for lane, at_work in lanes.workers().items():
        yield Gauge("workers_warm", "Workers that are ready.", len(at_work), {"lane": lane})


def _age(message: str) -> float:
    try:
        sent_at = json.loads(message)["headers"].get(SENT_AT)
    except (ValueError, LookupError, TypeError, AttributeError):  # no message of ours
        return 0.0
    return max(clock.now() - sent_at, 0.0) if isinstance(sent_at, int | float) else 0.0
