"""The product's search: embed the query with the version's own model, rank, describe."""

from dataclasses import dataclass
from typing import Any

from learning_assistant.stages import stage
from resources import presenting, ranking
from resources.models import IndexVersion
from resources.rag import spelling
from resources.rag.query_vectors import vector_of
from resources.ranking import Filters, Hit, Scope, Vector


@dataclass(frozen=True)
class Found:
    searched_for: str  # the query, its typing errors mended
    hits: list[Hit]
    relaxed: list[str]
    resources: list[dict[str, Any]]
    version: int | None
    missing: list[str]  # the parts that were not there: "embedding"


@dataclass(frozen=True)
class Results:
    searched_for: str  # the query, its typing errors mended
    results: list[dict[str, Any]]
    version: dict[str, Any] | None
    missing: list[str]  # "embedding", and "catalogue" before anything was indexed


def search(query: str, filters: Filters, limit: int, *, embed_seconds: float = 10.0) -> Found:
    """The resources for *query*; by words alone where the embedding is missing."""
    version = IndexVersion.objects.active()
    pk = version.pk if version else None
    query = spelling.corrected(pk, query) if pk else query
    vector = _vector(version, query, embed_seconds)
    found = ranking.rank(pk, query, vector, filters, limit)
    return Found(
        searched_for=query,
        hits=found.hits,
        relaxed=found.relaxed,
        resources=presenting.describe(found.hits, query, pk, vector),
        version=pk,
        missing=[] if vector is not None else ["embedding"],
    )


def find(
    query: str, filters: Filters, limit: int, scope: Scope, *, embed_seconds: float = 10.0
) -> Results:
    """What of the *scope* is within *filters*, none of which is given up.

    Raises `ranking.NothingLeft`.
    """
    version = IndexVersion.objects.active()
    pk = version.pk if version else None
    query = spelling.corrected(pk, query) if pk else query
    vector = _vector(version, query, embed_seconds)
    hits = ranking.search(pk, query, vector, filters, limit, scope)
    missing = [] if vector is not None else ["embedding"]
    return Results(
        searched_for=query,
        results=presenting.results(hits, query, pk, vector),
        version=presenting.name(version),
        missing=missing if version else [*missing, "catalogue"],
    )


def _vector(version: IndexVersion | None, query: str, seconds: float) -> Vector | None:
    if version is None:
        return None
    with stage("embedding"):
        return vector_of(version, query, seconds)
