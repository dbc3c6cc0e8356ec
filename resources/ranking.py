"""Ranking: BM25 and dense scores combined, in one statement; no model is called here.

The score is 0.6 × dense (min–max over the candidates) + 0.4 × BM25 (over its maximum), the
candidates are the union of both legs' best. Combining scores did better than reciprocal rank
fusion on each collection tried: Bruch et al., An Analysis of Fusion Functions for Hybrid
Retrieval (2022), https://arxiv.org/abs/2210.11934
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.db import connection

from resources.models import Status, Topic
from resources.models.index import SPARSE_DIMENSIONS
from resources.words import folded

DENSE_WEIGHT = 0.6
LEG_DEPTH = 200
AT_LEAST = 3
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


@dataclass(frozen=True)
class Hit:
    entry_id: int
    resource_id: int | None  # of a resource
    chunk_id: int | None  # of a document's chunk
    title: str
    dense: float | None  # cosine similarity
    lexical: float  # BM25
    score: float = 0.0  # 0..1


@dataclass(frozen=True)
class Ranking:
    hits: list[Hit]
    relaxed: list[str] = field(default_factory=list)


def vector_literal(vector: Vector) -> str:
    """*vector* as pgvector reads it."""
    return "[" + ",".join(f"{x:.6g}" for x in vector) + "]"


LEXICAL = f"""
terms AS (
    SELECT l.id, ln(1 + (v.rows - f.documents + 0.5) / (f.documents + 0.5)) AS idf
    FROM resources_indexversion v
    CROSS JOIN unnest(tsvector_to_array(to_tsvector('english', %(query)s))) AS t(term)
    JOIN resources_lexeme l ON l.term = t.term
    JOIN resources_documentfrequency f ON f.lexeme_id = l.id AND f.version_id = v.id
    WHERE v.id = %(version)s AND f.documents BETWEEN 1 AND v.rows
), question AS (
    SELECT (
        '{{' || string_agg(id || ':' || idf, ',') || '}}/{SPARSE_DIMENSIONS}'
    )::sparsevec AS lexical
    FROM terms
), lexical AS (
    SELECT e.id AS entry_id
    FROM resources_indexentry e
    LEFT JOIN resources_resource r ON r.id = e.resource_id
    CROSS JOIN question q
    WHERE e.version_id = %(version)s AND {{allowed}} AND (e.lexical <#> q.lexical) < 0
    ORDER BY e.lexical <#> q.lexical, e.id
    LIMIT {LEG_DEPTH}
)"""

DENSE = f"""
dense AS (
    SELECT e.id AS entry_id
    FROM resources_densevector d
    JOIN resources_indexentry e ON e.id = d.entry_id
    LEFT JOIN resources_resource r ON r.id = e.resource_id
    WHERE d.version_id = %(version)s AND {{allowed}}
    ORDER BY d.embedding <=> %(vector)s::halfvec, e.id
    LIMIT {LEG_DEPTH}
)"""

BOTH = f"""WITH {LEXICAL}, {DENSE}
SELECT e.id, e.resource_id, e.chunk_id, coalesce(r.title, o.title),
       1 - (d.embedding <=> %(vector)s::halfvec) AS dense,
       coalesce(-(e.lexical <#> q.lexical), 0) AS lexical
FROM (SELECT * FROM lexical UNION SELECT * FROM dense) found
JOIN resources_indexentry e ON e.id = found.entry_id
LEFT JOIN resources_densevector d ON d.entry_id = e.id
LEFT JOIN resources_resource r ON r.id = e.resource_id
LEFT JOIN resources_chunk c ON c.id = e.chunk_id
LEFT JOIN resources_document o ON o.id = c.document_id
CROSS JOIN question q"""

WORDS_ONLY = f"""WITH {LEXICAL}
SELECT e.id, e.resource_id, e.chunk_id, coalesce(r.title, o.title),
       NULL::float AS dense, -(e.lexical <#> q.lexical) AS lexical
FROM lexical found
JOIN resources_indexentry e ON e.id = found.entry_id
LEFT JOIN resources_resource r ON r.id = e.resource_id
LEFT JOIN resources_chunk c ON c.id = e.chunk_id
LEFT JOIN resources_document o ON o.id = c.document_id
CROSS JOIN question q"""

# When no word matches and no vector is at hand: the newest, so that nobody is sent away empty.
ANYTHING = """
SELECT 0, r.id, NULL, r.title, NULL::float, 0::float
FROM resources_resource r
WHERE {allowed}
ORDER BY r.published_at DESC NULLS LAST, r.id
LIMIT %(limit)s"""


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


def _fetch(sql: str, filters: Filters, scope: Scope = Scope.RESOURCES, **params: Any) -> list[Hit]:
    allowed, more = _allowed(filters, scope)
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{allowed}", allowed), params | more)
        return [
            Hit(entry, resource, chunk, title, dense, float(lexical))
            for entry, resource, chunk, title, dense, lexical in cursor.fetchall()
        ]


def combine(hits: Iterable[Hit], dense_weight: float = DENSE_WEIGHT) -> list[Hit]:
    """*hits* with their combined score, the best first."""
    found = list(hits)
    most_lexical = max((h.lexical for h in found), default=0.0) or 1.0
    cosines = [h.dense for h in found if h.dense is not None]
    low, high = min(cosines, default=0.0), max(cosines, default=0.0)
    spread = (high - low) or 1.0

    def scored(hit: Hit) -> Hit:
        lexical = hit.lexical / most_lexical
        if hit.dense is None:  # not embedded yet: what is must not win by that alone
            return replace(hit, score=lexical)
        dense = (hit.dense - low) / spread
        return replace(hit, score=dense_weight * dense + (1 - dense_weight) * lexical)

    return sorted(map(scored, found), key=lambda h: (-h.score, h.chunk_id or 0, h.resource_id or 0))


def search(
    version: int | None,
    query: str,
    vector: Vector | None,
    filters: Filters,
    limit: int,
    scope: Scope = Scope.RESOURCES,
    dense_weight: float = DENSE_WEIGHT,
) -> list[Hit]:
    """The best *limit* of the *scope* within *filters*, duplicates collapsed, or fewer.

    Without a *vector* words alone decide; with a *dense_weight* of 1 the vector alone does.
    """
    hits: list[Hit] = []
    if version is not None:
        literal = {"vector": vector_literal(vector)} if vector is not None else {}
        sql = WORDS_ONLY if vector is None else BOTH
        found = _fetch(sql, filters, scope, version=version, query=folded(query), **literal)
        hits = combine(found, dense_weight)
    return _distinct(hits, limit)


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
            hits = _append(hits, _fetch(ANYTHING, filters, limit=limit), enough)
        if len(hits) >= enough or not to_relax:
            break
        relaxed.append(to_relax.pop(0))
        filters = replace(filters, **{relaxed[-1]: ""})
    if len(hits) < enough:
        hits = _append(hits, _fetch(ANYTHING, filters, limit=limit), enough)
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
        same = _near_pairs([h.entry_id for h in kept + considered])
        for hit in considered:
            title = "".join(c for c in hit.title.casefold() if c.isalnum())
            named_twice = hit.resource_id is not None and title in titles
            is_double = named_twice or any((k.entry_id, hit.entry_id) in same for k in kept)
            (doubles if is_double else kept).append(hit)
            if hit.resource_id is not None:
                titles.add(title)
        if len(kept) >= limit:
            break
    missing = max(min(AT_LEAST, limit) - len(kept), 0)
    return (kept + doubles[:missing])[:limit]


def _near_pairs(ids: list[int]) -> set[tuple[int, int]]:
    if len(ids) < 2:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.entry_id, b.entry_id
            FROM resources_densevector a
            JOIN resources_densevector b ON b.entry_id = ANY(%(ids)s) AND b.entry_id <> a.entry_id
            WHERE a.entry_id = ANY(%(ids)s) AND a.version_id = b.version_id
              AND a.embedding <=> b.embedding < %(distance)s
            """,
            {"ids": ids, "distance": SAME_THING},
        )
        return set(cursor.fetchall())
