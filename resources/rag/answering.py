"""The worker's side of `POST resources`: reply 1 is the resources, reply 2 the advice."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from learning_assistant import ollama
from learning_assistant.admission import model_slot
from learning_assistant.broker import UNREACHABLE
from learning_assistant.lanes import Caller
from learning_assistant.postgresql.base import time_limit
from resources import prompts
from resources.models import IndexVersion
from resources.rag import advice, search, spelling
from resources.ranking import Filters

logger = logging.getLogger(__name__)

# What must be left of the deadline for a step to be worth starting, in seconds.
TO_EMBED_S = 0.25
TO_SEARCH_S = 0.05
# The model reads the prompt first; a sentence has no fewer than FEWEST_TOKENS.
TO_READ_S = 0.2
FEWEST_TOKENS = 14
# The reply must still travel and the web process store the interaction.
TO_RETURN_S = 0.12
WARM_UP_S = 120.0


class _Pace:
    """How fast the model wrote lately: a cap of tokens that it can't reach in time helps nobody."""

    USUAL = 60.0
    tokens_per_second = USUAL

    def learn(self, completion: ollama.Completion) -> None:
        if completion.tokens >= FEWEST_TOKENS // 2:
            self.tokens_per_second += (completion.tokens_per_second - self.tokens_per_second) / 4

    def forget(self) -> None:
        """A step back to the usual pace: a slow spell must not keep the model off for ever."""
        self.tokens_per_second += (self.USUAL - self.tokens_per_second) / 8


_pace = _Pace()


@dataclass(frozen=True)
class Question:
    query: str
    limit: int
    level: str = ""
    kind: str = ""
    topic: str = ""


def answer(question: Question, caller: Caller) -> None:
    """Reply twice, each in time or not at all."""
    started = time.monotonic()
    left = caller.seconds_left()
    if left < settings.DEADLINE_S - settings.FALLBACK_AFTER_S + TO_SEARCH_S:
        return  # whoever asked has searched by words meanwhile, or is about to
    filters = Filters(question.level, question.kind, question.topic)
    try:
        with time_limit(left):
            found = search.search(
                question.query, filters, question.limit, embed_seconds=min(TO_EMBED_S, left)
            )
    except DatabaseError as error:
        close_old_connections()
        logger.warning("no search: %s", error)
        caller.reply({"error": "database"})
        return
    if caller.seconds_left() < settings.DEADLINE_S - settings.FALLBACK_AFTER_S:
        return  # too late: nobody listens any more
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
    caller.reply(_advise(found.searched_for, found.resources, caller))


def _advise(query: str, resources: list[dict[str, Any]], caller: Caller) -> dict[str, Any]:
    """Reply 2: the model's sentence, or why there is none."""
    if not resources:
        return {"advice": "", "refused": "nothing to advise on", "model_there": True}
    started = time.monotonic()
    seconds = caller.seconds_left() - TO_RETURN_S
    tokens = min(prompts.ADVICE_TOKENS, int((seconds - TO_READ_S) * _pace.tokens_per_second))
    if tokens < FEWEST_TOKENS:
        _pace.forget()
        return {"advice": "", "refused": "no time left", "model_there": False}
    try:
        with model_slot(seconds) as admitted:
            if not admitted:
                return {"advice": "", "refused": "all slots taken", "model_there": False}
            completion = ollama.chat(
                settings.CHAT_MODEL,
                prompts.advice(query, resources[0]),
                seconds=seconds,
                max_tokens=tokens,
                stop=prompts.ADVICE_STOP,
            )
    except ollama.ModelUnavailable as error:
        return {"advice": "", "refused": str(error)[:200], "model_there": False}
    except UNREACHABLE as error:
        return {"advice": "", "refused": f"broker: {error}"[:200], "model_there": False}
    _pace.learn(completion)
    checked = advice.check(completion, query, resources)
    return {
        "advice": checked.text,
        "refused": checked.fault,
        "model_there": True,
        "model": settings.CHAT_MODEL,
        "digest": ollama.digest_of(settings.CHAT_MODEL),
        "advice_ms": _ms(started),
    }


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
