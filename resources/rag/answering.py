"""The worker's side of two questions that are waiting.

To `POST resources` reply 1 is the resources, reply 2 the advice, with its words before it where
they are streamed; to `POST search` there is one.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from learning_assistant import lanes, metrics, ollama
from learning_assistant.lanes import Caller
from learning_assistant.postgresql.base import brief, time_limit
from learning_assistant.stages import stage
from resources import prompts
from resources.models import IndexVersion
from resources.rag import search, spelling
from resources.rag.advising import Advice, NobodyListens, advise
from resources.ranking import Filters, Scope

logger = logging.getLogger(__name__)
T = TypeVar("T")

# What must be left of the deadline for a step to be worth starting, in seconds.
TO_EMBED_S = 0.25
TO_SEARCH_S = 0.05
# The reply must still travel and the web process store the interaction.
TO_RETURN_S = 0.12
WARM_UP_S = 120.0


@dataclass(frozen=True)
class Question:
    query: str
    limit: int
    filters: dict[str, str] = field(default_factory=dict)  # those of `Filters` that are used
    stream: bool = False  # whether the advice is wanted while it is being written
    scope: Scope = Scope.RESOURCES


def answer(question: Question, caller: Caller) -> None:
    """Reply twice, each in time or not at all."""
    started = time.monotonic()
    filters = Filters(**question.filters)
    found = _in_time(
        caller,
        lambda seconds: search.search(
            question.query, filters, question.limit, embed_seconds=seconds
        ),
    )
    if found is None:
        return
    caller.reply(
        {
            "resources": found.resources,
            "searched_for": found.searched_for,
            "relaxed": found.relaxed,
            "missing": found.missing,
            "version": found.version,
            "results": [
                {"id": h.resource_id, "score": h.score, "dense": h.dense, "lexical": h.lexical}
                for h in found.hits
            ],
            "search_ms": _ms(started),
        }
    )
    caller.reply(_advise(found.searched_for, found.resources, caller, stream=question.stream))


def answer_search(question: Question, caller: Caller) -> None:
    """Reply once, in time or not at all."""
    filters, scope = Filters(**question.filters), Scope(question.scope)
    found = _in_time(
        caller,
        lambda seconds: search.find(
            question.query, filters, question.limit, scope, embed_seconds=seconds
        ),
    )
    if found is not None:
        caller.reply(asdict(found))


def _in_time(caller: Caller, look: Callable[[float], T]) -> T | None:
    """What *look* finds, given the seconds it has to embed the query.

    None when nobody listens any more, or when the database failed, which the caller is told.
    """
    left = caller.seconds_left()
    if left < settings.DEADLINE_S - settings.FALLBACK_AFTER_S + TO_SEARCH_S:
        metrics.LATE.add(lanes.INTERACTIVE)
        return None  # whoever asked has searched by words meanwhile, or is about to
    try:
        with time_limit(left), stage("search"):
            found = look(min(TO_EMBED_S, left))
    except DatabaseError as error:
        close_old_connections()
        logger.warning("no search: %s", brief(error))
        caller.reply({"error": "database"})
        return None
    late = caller.seconds_left() < settings.DEADLINE_S - settings.FALLBACK_AFTER_S
    return None if late else found


def _advise(
    query: str, resources: list[dict[str, Any]], caller: Caller, *, stream: bool
) -> dict[str, Any]:
    """Reply 2: the model's sentence, or why there is none."""

    def on_words(words: str) -> None:
        if not caller.reply({"words": words}):
            raise NobodyListens("whoever asked has left")

    if not resources:
        return asdict(Advice(refused="nothing to advise on"))
    started = time.monotonic()
    seconds = caller.seconds_left() - TO_RETURN_S
    with stage("advice"):
        found = advise(query, resources[0], seconds, on_words if stream else None)
    return asdict(found) | {"advice_ms": _ms(started)}


def _ms(since: float) -> float:
    return round((time.monotonic() - since) * 1000, 1)


def warm_up() -> None:
    """Load both models and fill the prompt cache of each slot, before the first learner comes."""
    sample = {"title": "A course", "reason": "For beginners who know some Python."}
    version = IndexVersion.objects.active()
    model = version.model if version else settings.EMBED_MODEL
    ollama.embed(model, ["warm up"], seconds=WARM_UP_S)
    if version:
        spelling.corrected(version.pk, "warm up")
    for _ in range(settings.MODEL_SLOTS):
        ollama.chat(
            settings.CHAT_MODEL,
            prompts.advice("where to start?", sample),
            seconds=WARM_UP_S,
            max_tokens=1,
        )
