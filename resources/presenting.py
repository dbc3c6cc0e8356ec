"""Hits as they are shown: the resource or the passage, and the reason why it is there."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from resources import marking, passages
from resources.models import Chunk, IndexVersion, Resource
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
    found = Resource.objects.prefetch_related("topics").in_bulk(ids)
    facets = _nearest_facets(ids, query, version, vector)
    described = []
    for hit in hits:
        resource = found.get(hit.resource_id or 0)
        if resource is None:  # deleted between the search and now
            continue
        reason, source = _reason(resource, facets.get(resource.pk, ""))
        described.append(
            {
                "id": resource.pk,
                "title": resource.title,
                "url": resource.url,
                "kind": resource.kind,
                "level": resource.level or None,
                "topics": [topic.slug for topic in resource.topics.all()],
                "authors": resource.authors,
                "year": resource.year,
                "summary": resource.summary,
                "reason": reason,
                "reason_source": source,
                "score": round(hit.score, 4),
            }
        )
    return described


def _reason(resource: Resource, facet: str) -> tuple[str, str]:
    """The facet or else the summary's first sentence, which a curator wrote; else what matched."""
    if facet:
        return facet, "curator"
    if resource.summary:
        first, stop, _ = resource.summary.partition(". ")
        return (first + stop.strip())[:300], "curator"
    topics = ", ".join(topic.name for topic in resource.topics.all())
    return (
        f"Matches your question by its title{f' and its topics: {topics}' if topics else ''}.",
        "match",
    )


def _nearest_facets(
    ids: list[int], query: str, version: int | None, vector: Vector | None
) -> dict[int, str]:
    """By resource id the facet nearest to the query: by meaning, or by common words."""
    by_meaning = vector is not None and version is not None
    order = (
        "(SELECT fv.embedding <=> %(vector)s::halfvec FROM resources_facetvector fv"
        " WHERE fv.facet_id = f.id AND fv.version_id = %(version)s)"
        if by_meaning
        else "-(SELECT count(*) FROM unnest(to_tsvector('english', f.text)) a"
        " JOIN unnest(to_tsvector('english', %(query)s)) b ON a.lexeme = b.lexeme)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT ON (f.resource_id) f.resource_id, f.text
            FROM resources_facet f WHERE f.resource_id = ANY(%(ids)s) AND f.role = 'case'
            ORDER BY f.resource_id, {order} NULLS LAST, f.position
            """,
            {
                "ids": ids,
                "version": version,
                "query": query,
                "vector": vector_literal(vector) if vector is not None else None,
            },
        )
        return dict(cursor.fetchall())
