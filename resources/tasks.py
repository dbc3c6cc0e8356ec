"""The doors of the worker: an id or a payload in, one call of a maker."""

from typing import Any

from celery import Task, shared_task

from learning_assistant import lanes, ollama
from learning_assistant.lanes import Caller
from resources.models import IndexVersion
from resources.rag import answering, indexing, versions

RETRY_S = 15


@shared_task(acks_late=False, expires=lanes.BACKLOG_EXPIRES_S)
def suggest(question: dict[str, Any], reply_key: str, deadline: float) -> None:
    answering.answer(answering.Question(**question), Caller(reply_key, deadline))


@shared_task(
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    max_retries=20,
)
def index_resources(self: "Task[Any, Any]", ids: list[int]) -> None:
    try:
        indexing.index_resources(versions.active_or_first(), ids)
    except ollama.ModelUnavailable as error:
        raise self.retry(exc=error, countdown=RETRY_S) from error


@shared_task(acks_late=True)
def index_lagging() -> None:
    """On the schedule: whatever a lost message left behind. Silent while the model is away."""
    version = IndexVersion.objects.active()
    if version is None or indexing.lag(version):
        try:
            indexing.index_lagging(versions.active_or_first())
        except ollama.ModelUnavailable:
            return  # the next run comes soon
