"""The product's search: embed the query with the version's own model, rank, describe."""

import logging
from dataclasses import dataclass
from typing import Any

from learning_assistant import ollama
from resources import presenting, ranking
from resources.models import IndexVersion
from resources.rag import embedding, spelling
from resources.ranking import Filters, Hit, Scope, Vector

logger = logging.getLogger(__name__)


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


def embed_query(version: IndexVersion, query: str, seconds: float) -> Vector | None:
    """The query's vector, or None where the model server can't give it in time."""
    try:
        return embedding.embed_query(version, query, seconds)
    except embedding.ModelReplaced as error:
        logger.error("%s", error)
    except ollama.ModelUnavailable as error:
        logger.warning("searching without the query's embedding: %s", error)
    return None


def search(query: str, filters: Filters, limit: int, *, embed_seconds: float = 10.0) -> Found:
    """The resources for *query*; by words alone where the embedding is missing."""
    version = IndexVersion.objects.active()
    pk = version.pk if version else None
    query = spelling.corrected(pk, query) if pk else query
    vector = embed_query(version, query, embed_seconds) if version else None
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
    vector = embed_query(version, query, embed_seconds) if version else None
    hits = ranking.search(pk, query, vector, filters, limit, scope)
    missing = [] if vector is not None else ["embedding"]
    return Results(
        searched_for=query,
        results=presenting.results(hits, query, pk, vector),
        version=presenting.name(version),
        missing=missing if version else [*missing, "catalogue"],
    )
