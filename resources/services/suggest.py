"""`POST resources`: one task, two replies, one deadline; an answer whatever breaks."""

import logging
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from learning_assistant import lanes
from resources import presenting, ranking, tasks
from resources.models import IndexVersion
from resources.ranking import Filters
from sessions import services as sessions

logger = logging.getLogger(__name__)


@dataclass
class Answer:
    """What is sent, and what is stored with the interaction."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)
    searched_for: str | None = None
    advice: str = ""
    advice_source: str = "template"
    missing: list[str] = field(default_factory=list)
    model: str = ""
    digest: str = ""
    version: int | None = None
    timings: dict[str, float] = field(default_factory=dict)


def suggest(query: str, session_id: str, limit: int, filters: Filters) -> dict[str, Any]:
    """The body of the answer; the interaction is stored before it is returned.

    Raises Django's `OperationalError` when PostgreSQL is away.
    """
    started = time.monotonic()
    answer = Answer()
    call = _ask(answer, query, limit, filters)
    if call is None or not _take_resources(answer, call, query, started):
        _search_by_words(answer, query, limit, filters)
    elif answer.resources:
        _take_advice(answer, call, started)
    if not answer.resources:
        _mark(answer, "catalogue")
    elif not answer.advice:
        answer.advice = template(answer.resources[0])
    return _store(answer, query, session_id, filters, started)


def template(resource: dict[str, Any]) -> str:
    """The sentence that stands in where the model's is missing or failed its checks."""
    return f"Start with “{resource['title']}”: it fits your question most closely."


def _mark(answer: Answer, part: str) -> None:
    if part not in answer.missing:
        answer.missing.append(part)


def _ask(answer: Answer, query: str, limit: int, filters: Filters) -> lanes.Call | None:
    payload = {"query": query, "limit": limit, **filters.used()}
    try:
        return lanes.request(tasks.suggest, payload, settings.DEADLINE_S)
    except lanes.LaneDown as error:
        logger.warning("the interactive lane is down: %s", error)
        _mark(answer, "queue")
        return None


def _next(answer: Answer, call: lanes.Call, until: float) -> dict[str, Any] | None:
    try:
        return call.next_reply(until - time.monotonic())
    except lanes.LaneDown as error:
        logger.warning("the reply can't be read: %s", error)
        _mark(answer, "queue")
        return None


def _take_resources(answer: Answer, call: lanes.Call, query: str, started: float) -> bool:
    reply = _next(answer, call, started + settings.FALLBACK_AFTER_S)
    if reply is None:
        _mark(answer, "queue")
        return False
    if "error" in reply:
        return False  # the web process may still reach the database; if not, it says so
    answer.resources, answer.results = reply["resources"], reply["results"]
    answer.relaxed, answer.version = reply["relaxed"], reply["version"]
    answer.missing.extend(reply["missing"])
    if reply["searched_for"] != query:
        answer.searched_for = reply["searched_for"]
    answer.timings |= {"search": reply["search_ms"], "reply_1": _ms(started)}
    return True


def _take_advice(answer: Answer, call: lanes.Call, started: float) -> None:
    reply = _next(answer, call, started + settings.DEADLINE_S)
    if reply is None or not reply["model_there"]:
        _mark(answer, "model")
    if reply is None:
        return
    answer.advice = reply["advice"]
    answer.advice_source = "model" if reply["advice"] else "template"
    answer.model, answer.digest = reply.get("model", ""), reply.get("digest", "")
    answer.timings |= {"advice": reply.get("advice_ms", 0.0), "reply_2": _ms(started)}


def _search_by_words(answer: Answer, query: str, limit: int, filters: Filters) -> None:
    """The fallback: BM25 in PostgreSQL, without the worker and without a model."""
    _mark(answer, "queue")
    began = time.monotonic()
    active = IndexVersion.objects.active()
    version = active.pk if active else None
    found = ranking.rank(version, query, None, filters, limit)
    answer.resources = presenting.describe(found.hits, query, version, None)
    answer.relaxed, answer.version = found.relaxed, version
    answer.results = [
        {"id": h.resource_id, "score": h.score, "dense": None, "lexical": h.lexical}
        for h in found.hits
    ]
    answer.timings["fallback"] = _ms(began)


def _store(
    answer: Answer, query: str, session_id: str, filters: Filters, started: float
) -> dict[str, Any]:
    query_id = uuid.uuid4()
    took = round(_ms(started))
    sessions.record(
        query_id,
        session_id,
        query=query,
        filters=filters.used(),
        results=answer.results,
        relaxed=answer.relaxed,
        advice=answer.advice,
        advice_source=answer.advice_source,
        degraded=bool(answer.missing),
        degraded_reasons=answer.missing,
        model=answer.model,
        model_digest=answer.digest,
        index_version_id=answer.version,
        timings=answer.timings,
        took_ms=took,
    )
    return {
        "resources": answer.resources,
        "advice": answer.advice,
        "advice_source": answer.advice_source,
        "degraded": bool(answer.missing),
        "degraded_reasons": answer.missing,
        "relaxed": answer.relaxed,
        "searched_for": answer.searched_for,
        "session_id": session_id,
        "query_id": str(query_id),
        "model": answer.model,
        "took_ms": round(_ms(started)),
    }


def _ms(since: float) -> float:
    return round((time.monotonic() - since) * 1000, 1)
