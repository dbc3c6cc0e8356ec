"""Hits as they are shown: the resource or the passage, and the reason why it is there."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from resources import marking, passages
from resources.models import Chunk, IndexVersion
from resources.ranking import Hit, Vector, vector_literal


def describe(
    hits: Sequence[Hit], query: str, version: int | None, vector: Vector | None
) -> list[dict[str, Any]]:
    """Each of the resources among *hits* as `POST resources` shows it, in the same order."""
    return _marked(_resources(hits, query, version, vector), query)


def results(
    hits: Sequence[Hit], query: str, version: int | None, vector: Vector | None
) -> list[dict[str, Any]]:
    """Each of *hits*, resource or passage, as `POST search` shows it, in the same order."""
    resources = {r["id"]: r for r in _resources(hits, query, version, vector)}
    documents = _passages(hits, query, version)
    shown = []
    for hit in hits:
        described = (
            resources.get(hit.resource_id) if hit.resource_id else documents.get(hit.chunk_id or 0)
        )
        if described is None:  # deleted between the search and now
            continue
        dense = None if hit.dense is None else round(hit.dense, 4)
        scores = {"dense": dense, "lexical": round(hit.lexical, 4)}
        place = {"document_path": None, "source": None, "heading_path": None, "position": None}
        head = {"type": "resource" if hit.resource_id else "document"} | place
        shown.append(head | described | {"score": round(hit.score, 4), "scores": scores})
    return _marked(shown, query)


def name(version: IndexVersion | None) -> dict[str, Any] | None:
    """The version that was searched, as `POST search` shows it."""
    return {"model": version.model, "dimension": version.dimension} if version else None


def _marked(shown: list[dict[str, Any]], query: str) -> list[dict[str, Any]]:
    """*shown*, each with the ranges of its reason's words that match *query*."""
    marks = marking.ranges([each["reason"] for each in shown], query)
    return [each | {"reason_highlights": ranges} for each, ranges in zip(shown, marks, strict=True)]


def _passages(hits: Sequence[Hit], query: str, version: int | None) -> dict[int, dict[str, Any]]:
    """By chunk id the documents' passages among *hits*."""
    ids = [hit.chunk_id for hit in hits if hit.chunk_id is not None]
    if not ids:
        return {}
    chunks = Chunk.objects.select_related("document").in_bulk(ids)
    nearest = passages.nearest(list(chunks.values()), query, version)
    return {
        pk: {
            "id": chunk.document_id,
            "title": chunk.document.title,
            "url": None,
            "document_path": chunk.document.path,
            "source": chunk.document.source,
            "heading_path": chunk.heading_path,
            "position": chunk.position,
            "content": chunk.content,
            "metadata": chunk.document.metadata,
            "reason": nearest.get(pk) or chunk.heading_path or chunk.document.title,
            "reason_source": "passage",
        }
        for pk, chunk in chunks.items()
    }


def _resources(
    hits: Sequence[Hit], query: str, version: int | None, vector: Vector | None
) -> list[dict[str, Any]]:
    ids = [hit.resource_id for hit in hits if hit.resource_id is not None]
    if not ids:
        return []
    found = {shown.id: shown for shown in _shown(ids, query, version, vector)}
    described = []
    for hit in hits:
        shown = found.get(hit.resource_id or 0)
        if shown is None:  # deleted between the search and now
            continue
        reason, source = _reason(shown)
        described.append(
            {
                "id": shown.id,
                "title": shown.title,
                "url": shown.url,
                "kind": shown.kind,
                "level": shown.level or None,
                "topics": shown.topics,
                "authors": shown.authors,
                "year": shown.year,
                "summary": shown.summary,
                "reason": reason,
                "reason_source": source,
                "score": round(hit.score, 4),
            }
        )
    return described


class _Shown(NamedTuple):
    """A resource, what it is about, and the facet nearest to the query."""

    id: int
    title: str
    url: str
    kind: str
    level: str
    authors: list[str]
    year: int | None
    summary: str
    topics: list[str]  # their slugs
    topic_names: list[str]
    facet: str | None


# One statement: by the ORM the same took three, and ten times as long in Python.
_RESOURCES = """
SELECT r.id, r.title, r.url, r.kind, r.level, r.authors, r.year, r.summary,
       t.slugs, t.names, (
    SELECT f.text FROM resources_facet f
    WHERE f.resource_id = r.id AND f.role = 'case'
    ORDER BY {order} NULLS LAST, f.position LIMIT 1
)
FROM resources_resource r
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(t.slug::text ORDER BY t.slug), '{{}}') AS slugs,
           coalesce(array_agg(t.name::text ORDER BY t.slug), '{{}}') AS names
    FROM resources_resource_topics rt JOIN resources_topic t ON t.id = rt.topic_id
    WHERE rt.resource_id = r.id
) t
WHERE r.id = ANY(%(ids)s)"""
_BY_MEANING = """(
    SELECT v.embedding <=> %(vector)s::halfvec FROM resources_facetvector v
    WHERE v.facet_id = f.id AND v.version_id = %(version)s
)"""
_BY_COMMON_WORDS = """-(
    SELECT count(*) FROM unnest(to_tsvector('english', f.text)) a
    JOIN unnest(to_tsvector('english', %(query)s)) b ON a.lexeme = b.lexeme
)"""


def _shown(ids: list[int], query: str, version: int | None, vector: Vector | None) -> list[_Shown]:
    by_meaning = vector is not None and version is not None
    params: dict[str, Any] = {"ids": ids, "query": query, "version": version}
    params["vector"] = vector_literal(vector) if vector is not None else None
    with connection.cursor() as cursor:
        cursor.execute(
            _RESOURCES.format(order=_BY_MEANING if by_meaning else _BY_COMMON_WORDS), params
        )
        return [_Shown(*row) for row in cursor.fetchall()]


def _reason(shown: _Shown) -> tuple[str, str]:
    """The facet or else the summary's first sentence, which a curator wrote; else what matched."""
    if shown.facet:
        return shown.facet, "curator"
    if shown.summary:
        first, stop, _ = shown.summary.partition(". ")
        return (first + stop.strip())[:300], "curator"
    topics = ", ".join(shown.topic_names)
    return (
        f"Matches your question by its title{f' and its topics: {topics}' if topics else ''}.",
        "match",
    )
