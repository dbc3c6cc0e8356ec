"""The doors of the worker: an id or a payload in, one call of a maker."""

import logging
from typing import Any

from celery import Task, shared_task

from learning_assistant import lanes, ollama
from learning_assistant.lanes import Caller
from resources.models import IndexVersion
from resources.rag import answering, graph, indexing, items, versions

logger = logging.getLogger(__name__)
RETRY_S = 15


@shared_task(acks_late=False)
def suggest(reply_key: str, deadline: float) -> None:
    caller = Caller(reply_key, deadline)
    if question := caller.question():
        answering.answer(answering.Question(**question), caller)


@shared_task(acks_late=False)
def search(reply_key: str, deadline: float) -> None:
    caller = Caller(reply_key, deadline)
    if question := caller.question():
        answering.answer_search(answering.Question(**question), caller)


@shared_task(
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    max_retries=20,
)
def index_resources(self: "Task[Any, Any]", ids: list[int]) -> None:
    """Learners' questions come after all else that is queued: without them it is found too."""
    _index(self, items.RESOURCES, ids, asks=False)
    lanes.enqueue(index_asks, ids)


@shared_task(
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    max_retries=20,
)
def index_asks(self: "Task[Any, Any]", ids: list[int]) -> None:
    _index(self, items.RESOURCES, ids)


@shared_task(
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    max_retries=20,
)
def index_chunks(self: "Task[Any, Any]", ids: list[int]) -> None:
    _index(self, items.CHUNKS, ids)


def _index(task: "Task[Any, Any]", kind: items.Items, ids: list[int], *, asks: bool = True) -> None:
    try:
        versions.follow(lambda version: indexing.index_rows(version, kind, ids, asks=asks))
    except ollama.ModelUnavailable as error:
        raise task.retry(exc=error, countdown=RETRY_S) from error


@shared_task(acks_late=True)
def index_lagging() -> None:
    """On the schedule: whatever a lost message left behind.

    While messages of ours wait, it is they who say what is to do: nothing is embedded twice.
    """
    if lanes.waits(lanes.DURABLE, index_resources.name, index_asks.name):
        return
    if not indexing.lag(None) and IndexVersion.objects.active() is None:
        return
    try:
        versions.follow(_catch_up, building=False)
    except ollama.ModelUnavailable as error:
        logger.warning("the index waits for the model server: %s", error)


def _catch_up(version: IndexVersion) -> None:
    indexing.index_lagging(version)
    indexing.refresh(version)
    graph.ensure(version)
