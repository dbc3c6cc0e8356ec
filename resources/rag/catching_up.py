"""Waiting until all of the catalogue is searchable, doing the work where no worker does it."""

import time
from collections.abc import Callable
from typing import NamedTuple

import redis

from learning_assistant import lanes
from resources.models import IndexVersion
from resources.rag import graph, indexing, versions

LOOK_EVERY_S = 0.5
# With no progress of the workers for so long, the work is done here.
PATIENCE_S = 15.0


def until_searchable(progress: Callable[[int, int], None]) -> None:
    """Return once nothing lags behind. Raises `ollama.ModelUnavailable`."""
    if _someone_works():
        _watch(progress)
    version = versions.active_or_first()
    indexing.index_lagging(version, progress)
    indexing.analyze()
    graph.ensure(version)


def _someone_works() -> bool:
    try:
        return bool(lanes.workers()[lanes.DURABLE])
    except redis.exceptions.RedisError:
        return False


def _watch(progress: Callable[[int, int], None]) -> None:
    """Until the workers are done, or have not moved for a while."""
    left = _left()
    most, moved = left.behind, time.monotonic()
    while left.behind and time.monotonic() - moved < PATIENCE_S:
        time.sleep(LOOK_EVERY_S)
        now = _left()
        if now != left:
            moved = time.monotonic()
        if now.behind < left.behind:
            progress(most - now.behind, most)
        left = now


class _Left(NamedTuple):
    """How many rows lag, of those how many lack their own vector."""

    behind: int
    without_vector: int


def _left() -> _Left:
    version = IndexVersion.objects.active()
    return _Left(indexing.lag(version), indexing.without_vector(version))
