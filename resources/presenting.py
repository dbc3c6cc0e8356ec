"""Hits as a learner sees them: the resource, and the reason why it is there."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from resources.models import Resource
from resources.ranking import Hit, Vector, vector_literal


def describe(
    hits: Sequence[Hit], query: str, version: int | None, vector: Vector | None
) -> list[dict[str, Any]]:
    """Each of *hits* as the API shows it, in the same order."""
    ids = [hit.resource_id for hit in hits if hit.resource_id is not None]
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
