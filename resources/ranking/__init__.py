"""Ranking: BM25 and dense scores combined, found by PostgreSQL; no model is called here.

The score is 0.6 × dense (min–max over the candidates) + 0.4 × BM25 (over its maximum), the
candidates are the union of both legs' best. Combining scores did better than reciprocal rank
fusion on each collection tried: Bruch et al., An Analysis of Fusion Functions for Hybrid
Retrieval (2022), https://arxiv.org/abs/2210.11934
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection

from resources.models import Status, Topic
from resources.ranking import finding, looking
from resources.ranking.looking import EXACT_ROWS, Question
from resources.words import folded

DENSE_WEIGHT = 0.6
# How much of the dense score is that of the nearest ask, a learner's question that a resource
# answers, where it has any.
ASK_WEIGHT = 0.6
AT_LEAST = 3
# Of how many, whose scores are all exact, the hits are chosen where asks are found by a graph.
LEAST_KEPT, KEPT_A_HIT = 80, 4
# Cosine distance under which two resources count as the same thing listed twice.
SAME_THING = 0.03
Vector = Sequence[float]


@dataclass(frozen=True)
class Filters:
    """What the search is narrowed to; an empty string filters nothing.

    The first three are of resources, the others of documents.
    """

    level: str = ""
    kind: str = ""
    topic: str = ""
    source: str = ""
    path: str = ""  # what a document's path begins with

    def used(self) -> dict[str, str]:
        return {k: v for k, v in vars(self).items() if v}


class Scope(StrEnum):
    """What is searched."""

    RESOURCES = "resources"
    DOCUMENTS = "documents"
    ALL = "all"

    def narrowed(self, filters: Filters) -> "Scope":
        """What is left of it within *filters*: a document has no level, a resource no path.

        Raises `NothingLeft`.
        """
        left = self
        for name in filters.used():
            owner = Scope.DOCUMENTS if name in ("source", "path") else Scope.RESOURCES
            if left not in (owner, Scope.ALL):
                raise NothingLeft(name, f"only {owner} have a {name}, the search is for {left}")
            left = owner
        return left


class NothingLeft(ValueError):
    """The filter `name` and what else was asked for exclude each other."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


# The order in which filters are given up to reach three: a topic is what a learner is after.
RELAXED_FIRST = ("level", "kind", "topic")


class Hit(NamedTuple):
    entry_id: int
    resource_id: int | None  # of a resource
    chunk_id: int | None  # of a document's chunk
    title: str
    dense: float | None  # cosine similarity
    lexical: float  # BM25
    score: float = 0.0  # 0..1
    ask: float | None = None  # cosine similarity of the nearest ask, where those are looked at


@dataclass(frozen=True)
class Ranking:
    hits: list[Hit]
    relaxed: list[str] = field(default_factory=list)


def vector_literal(vector: Vector) -> str:
    """*vector* as pgvector reads it."""
    return ("[" + "%.6g," * len(vector))[:-1] % tuple(vector) + "]"


def _allowed(filters: Filters, scope: Scope) -> tuple[str, dict[str, Any]]:
    """The filters as SQL over the entry `e` and the resource `r`, and its parameters."""
    scope = scope.narrowed(filters)
    if scope is Scope.DOCUMENTS:
        return _documents_allowed(filters)
    conditions, params = ["r.status = %(published)s"], {"published": str(Status.PUBLISHED)}
    parameters: dict[str, Any] = dict(params)
    for name in ("level", "kind"):
        if value := getattr(filters, name):
            conditions.append(f"r.{name} = %({name})s")
            parameters[name] = value
    if filters.topic:
        conditions.append(
            "EXISTS (SELECT FROM resources_resource_topics t "
            "WHERE t.resource_id = r.id AND t.topic_id = ANY(%(topics)s))"
        )
        parameters["topics"] = Topic.objects.subtree_ids(filters.topic)
    of_resources = " AND ".join(conditions)
    if scope is Scope.ALL:
        return f"(e.chunk_id IS NOT NULL OR ({of_resources}))", parameters
    return of_resources, parameters


def _documents_allowed(filters: Filters) -> tuple[str, dict[str, Any]]:
    if not (filters.source or filters.path):
        return "e.chunk_id IS NOT NULL", {}
    conditions = ["ad.source = %(source)s"] if filters.source else []
    conditions += ["starts_with(ad.path, %(path)s)"] if filters.path else []
    condition = (
        "EXISTS (SELECT FROM resources_chunk ac"
        " JOIN resources_document ad ON ad.id = ac.document_id"
        f" WHERE ac.id = e.chunk_id AND {' AND '.join(conditions)})"
    )
    return condition, {"source": filters.source, "path": filters.path}


def _hits(statement: str, **params: Any) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [
            Hit(entry, resource, chunk, "".join(title), dense, float(lexical), ask=ask)
            for entry, resource, chunk, dense, ask, lexical, *title in cursor.fetchall()
        ]


def _anything(filters: Filters, limit: int) -> list[Hit]:
    allowed, params = _allowed(filters, Scope.RESOURCES)
    return _hits(finding.ANYTHING.replace("{allowed}", allowed), limit=limit, **params)


def _look(
    version: int, query: str, filters: Filters, scope: Scope, allowed: str, params: dict[str, Any]
) -> Question | None:
    """What there is to look for; None where the version is gone."""
    given = {"query": folded(query), "version": version}
    with connection.cursor() as cursor:
        cursor.execute(looking.look(version, allowed, _whole(filters, scope)), params | given)
        rows = cursor.fetchall()
    return looking.question(version, rows, params["exact_rows"], all_resources=not filters.used())


def _whole(filters: Filters, scope: Scope) -> str:
    """As SQL whether the scope within the filters is all that a version holds."""
    if filters.used():
        return "false"
    return {
        Scope.RESOURCES: looking.ONLY_RESOURCES,
        Scope.DOCUMENTS: looking.ONLY_CHUNKS,
        Scope.ALL: "true",
    }[scope]


def combine(
    hits: Iterable[Hit], dense_weight: float = DENSE_WEIGHT, ask_weight: float = ASK_WEIGHT
) -> list[Hit]:
    """*hits* with their combined score, the best first."""
    found = list(hits)
    most_lexical = max((h.lexical for h in found), default=0.0) or 1.0
    cosines = [_cosine(h.dense, h.ask, ask_weight) for h in found]
    known = [cosine for cosine in cosines if cosine is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    spread = (high - low) or 1.0
    scored = []
    # Some hundred of them: unpacked, they take half as long.
    for (entry, resource, chunk, title, dense, lexical, _, ask), cosine in zip(
        found, cosines, strict=True
    ):
        score = lexical / most_lexical
        if cosine is not None:  # else not embedded yet: what is must not win by that alone
            score = dense_weight * ((cosine - low) / spread) + (1 - dense_weight) * score
        scored.append(Hit(entry, resource, chunk, title, dense, lexical, score, ask))
    return sorted(scored, key=_order)


def _order(hit: Hit) -> tuple[float, int, int]:
    return (-hit.score, hit.chunk_id or 0, hit.resource_id or 0)


def _cosine(dense: float | None, ask: float | None, ask_weight: float) -> float | None:
    """The cosine of the entry's own vector, mixed with that of its nearest ask."""
    if dense is None or ask is None:
        return dense
    return (1 - ask_weight) * dense + ask_weight * ask


def search(
    version: int | None,
    query: str,
    vector: Vector | None,
    filters: Filters,
    limit: int,
    scope: Scope = Scope.RESOURCES,
    dense_weight: float = DENSE_WEIGHT,
    ask_weight: float = ASK_WEIGHT,
    exact_rows: int = EXACT_ROWS,
) -> list[Hit]:
    """The best *limit* of the *scope* within *filters*, duplicates collapsed, or fewer.

    Without a *vector* words alone decide; with a *dense_weight* of 1 the vector alone does.
    An *ask_weight* above 0 finds by asks too. Up to *exact_rows* in scope are scanned, above
    them the version's graphs are used, where `graph.ensure` has made them.
    """
    if version is None:
        return []
    allowed, params = _allowed(filters, scope)
    params["exact_rows"] = exact_rows
    question = _look(version, query, filters, scope, allowed, params)
    if question is None or (vector is None and not question.terms):
        return []
    by_asks = vector is not None and ask_weight > 0 and scope is not Scope.DOCUMENTS
    params["words"] = question.sparse
    params["vector"] = None if vector is None else vector_literal(vector)

    params |= {"dense_weight": dense_weight, "ask_weight": ask_weight}

    def ranked(question: Question, best: int | None) -> list[Hit]:
        with_vector = vector is not None
        statement = finding.find(
            question, allowed, by_vector=with_vector, by_asks=by_asks, best=best
        )
        return _distinct(combine(_hits(statement, **params), dense_weight, ask_weight), limit)

    hits = ranked(question, max(LEAST_KEPT, KEPT_A_HIT * limit))
    if len(hits) < limit and (question.whole or question.asks_by_graph or vector is None):
        # There are no more, or those withdrawn a moment ago took their places in the legs, or
        # duplicates theirs among the best.
        hits = ranked(replace(question, whole=False, all_resources=False), None)
    return hits


def rank(
    version: int | None, query: str, vector: Vector | None, filters: Filters, limit: int
) -> Ranking:
    """As `search`, but filters are given up one by one until three resources are found.

    What was found before a filter was given up stays in front.
    """
    enough = min(AT_LEAST, limit)
    hits: list[Hit] = []
    relaxed: list[str] = []
    to_relax = [name for name in RELAXED_FIRST if getattr(filters, name)]
    while True:
        hits = _append(hits, search(version, query, vector, filters, limit), limit)
        if len(hits) < enough and vector is None:
            # No word matches: within the filters anything is nearer than what is outside them.
            hits = _append(hits, _anything(filters, limit), enough)
        if len(hits) >= enough or not to_relax:
            break
        relaxed.append(to_relax.pop(0))
        filters = replace(filters, **{relaxed[-1]: ""})
    if len(hits) < enough:
        hits = _append(hits, _anything(filters, limit), enough)
    return Ranking(hits, relaxed)


def _append(hits: list[Hit], more: list[Hit], limit: int) -> list[Hit]:
    known = {h.resource_id for h in hits}
    return (hits + [h for h in more if h.resource_id not in known])[:limit]


def _distinct(hits: list[Hit], limit: int) -> list[Hit]:
    """The first *limit* of *hits*, none of them twice; but twice is better than fewer than 3."""
    kept: list[Hit] = []
    doubles: list[Hit] = []
    titles: set[str] = set()
    for start in range(0, len(hits), 2 * limit):
        considered = hits[start : start + 2 * limit]
        looked_up = _titles([h.entry_id for h in kept + considered])
        for hit in considered:
            if hit.entry_id not in looked_up:  # deleted meanwhile
                continue
            title, same = looked_up[hit.entry_id]
            letters = "".join(c for c in title.casefold() if c.isalnum())
            named_twice = hit.resource_id is not None and letters in titles
            is_double = named_twice or any(k.entry_id in same for k in kept)
            (doubles if is_double else kept).append(hit._replace(title=title))
            if hit.resource_id is not None:
                titles.add(letters)
        if len(kept) >= limit:
            break
    missing = max(min(AT_LEAST, limit) - len(kept), 0)
    return (kept + doubles[:missing])[:limit]


def _titles(ids: list[int]) -> dict[int, tuple[str, frozenset[int]]]:
    """By entry the title, and which others of *ids* are the same thing."""
    with connection.cursor() as cursor:
        cursor.execute(finding.TITLES, {"ids": ids, "distance": SAME_THING})
        return {entry: (title, frozenset(same)) for entry, title, same in cursor.fetchall()}
