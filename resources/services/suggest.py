"""`POST resources`: one task, two replies, one deadline; an answer whatever breaks."""

import time
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from learning_assistant import metrics
from learning_assistant.asking import Asking
from learning_assistant.stages import stage
from resources import presenting, ranking, tasks
from resources.models import IndexVersion
from resources.ranking import Filters
from sessions import services as sessions


@dataclass
class Answer:
    """What is sent, and what is stored with the interaction."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)
    searched_for: str | None = None
    advice: str = ""
    advice_source: str = "template"
    model: str = ""
    digest: str = ""
    version: int | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def found(self) -> dict[str, Any]:
        """What is sent as soon as it is there."""
        return {
            "resources": self.resources,
            "relaxed": self.relaxed,
            "searched_for": self.searched_for,
        }


def suggest(query: str, session_id: str, limit: int, filters: Filters) -> dict[str, Any]:
    """The body of the answer; the interaction is stored before it is returned.

    Raises Django's `OperationalError` when PostgreSQL is away.
    """
    (last,) = deque(steps(query, session_id, limit, filters, stream=False), maxlen=1)
    return last.data


@dataclass(frozen=True)
class Step:
    """A part of the answer: `resources` first, `advice` by and by, and the whole as `done`."""

    event: str
    data: dict[str, Any]


def steps(
    query: str, session_id: str, limit: int, filters: Filters, *, stream: bool
) -> Generator[Step, None, None]:
    """The answer as it comes; with *stream* the advice in pieces. Closed early, it is given up.

    What was advised is only known at the end: a sentence that fails its last check is replaced.
    Raises as `suggest`.
    """
    answer = Answer()
    payload = {"query": query, "limit": limit, "filters": filters.used(), "stream": stream}
    asking = Asking(tasks.suggest, payload)
    try:
        there = _take_resources(answer, asking, query)
        if not there:
            with stage("fallback"):
                _search_by_words(answer, query, limit, filters)
        yield Step("resources", answer.found())
        if there and answer.resources:
            yield from _take_advice(answer, asking)
    except GeneratorExit:
        asking.leave()
        raise
    if not answer.resources:
        asking.mark("catalogue")
    elif not answer.advice:
        answer.advice = template(answer.resources[0])
    asking.count("suggest")
    metrics.ANSWERS.add(answer.advice_source if answer.advice else "none")
    with stage("store"):
        body = _store(answer, asking, query, session_id, filters)
    yield Step("done", body)


def template(resource: dict[str, Any]) -> str:
    """The sentence that stands in where the model's is missing or failed its checks."""
    return f"Start with “{resource['title']}”: it fits your question most closely."


def _take_resources(answer: Answer, asking: Asking, query: str) -> bool:
    reply = asking.first_reply()
    if reply is None:
        return False
    answer.resources, answer.results = reply["resources"], reply["results"]
    answer.relaxed, answer.version = reply["relaxed"], reply["version"]
    if reply["searched_for"] != query:
        answer.searched_for = reply["searched_for"]
    metrics.STAGES.observe(asking.elapsed_ms() / 1000, "resources")
    answer.timings |= {"search": reply["search_ms"], "reply_1": asking.elapsed_ms()}
    return True


def _take_advice(answer: Answer, asking: Asking) -> Iterator[Step]:
    while (reply := asking.last_reply()) and "words" in reply:
        yield Step("advice", {"words": reply["words"]})
    if reply is None or not reply["model_there"]:
        asking.mark("model")
    if reply is None:
        return
    answer.advice = reply["advice"]
    answer.advice_source = "model" if reply["advice"] else "template"
    answer.model, answer.digest = reply.get("model", ""), reply.get("digest", "")
    answer.timings |= {"advice": reply.get("advice_ms", 0.0), "reply_2": asking.elapsed_ms()}


def _search_by_words(answer: Answer, query: str, limit: int, filters: Filters) -> None:
    """The fallback: BM25 in PostgreSQL, without the worker and without a model."""
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
    answer.timings["fallback"] = round((time.monotonic() - began) * 1000, 1)


def _store(
    answer: Answer, asking: Asking, query: str, session_id: str, filters: Filters
) -> dict[str, Any]:
    query_id = uuid.uuid4()
    sessions.record(
        query_id,
        session_id,
        query=query,
        filters=filters.used(),
        results=answer.results,
        relaxed=answer.relaxed,
        advice=answer.advice,
        advice_source=answer.advice_source,
        degraded=bool(asking.missing),
        degraded_reasons=asking.missing,
        model=answer.model,
        model_digest=answer.digest,
        index_version_id=answer.version,
        timings=answer.timings,
        took_ms=round(asking.elapsed_ms()),
    )
    return answer.found() | {
        "advice": answer.advice,
        "advice_source": answer.advice_source,
        "degraded": bool(asking.missing),
        "degraded_reasons": asking.missing,
        "session_id": session_id,
        "query_id": str(query_id),
        "model": answer.model,
        "took_ms": round(asking.elapsed_ms()),
    }
