"""Waiting until all of the catalogue is searchable, doing the work where no worker does it."""

import time
from collections.abc import Callable

import redis

from learning_assistant import lanes
from resources.models import IndexVersion
from resources.rag import graph, indexing, versions

LOOK_EVERY_S = 0.5
# With no progress of the workers for so long, the work is done here.
PATIENCE_S = 10.0


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
    behind = most = indexing.lag(IndexVersion.objects.active())
    moved = time.monotonic()
    while behind and time.monotonic() - moved < PATIENCE_S:
        time.sleep(LOOK_EVERY_S)
        now = indexing.lag(IndexVersion.objects.active())
        if now < behind:
            moved = time.monotonic()
            progress(most - now, most)
        behind = now
