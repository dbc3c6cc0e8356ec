"""Texts to vectors, in the way of one version of the index."""

import logging
from collections.abc import Sequence

from learning_assistant import ollama
from resources.models import IndexVersion

logger = logging.getLogger(__name__)

EMBED_SECONDS = 120.0
Vector = Sequence[float]


class ModelReplaced(ollama.ModelUnavailable):
    """Under the version's model name the server has another model now."""


def embed_passages(version: IndexVersion, texts: Sequence[str]) -> list[Vector]:
    """Vectors of passages, for *version*. Raises `ollama.ModelUnavailable`."""
    return _embed(version, version.passage_prefix, texts, EMBED_SECONDS)


def embed_query(version: IndexVersion, query: str, seconds: float) -> Vector:
    """The vector of a query, to be compared with passages of *version* only.

    Raises `ollama.ModelUnavailable`, after *seconds* at the latest.
    """
    return _embed(version, version.query_prefix, [query], seconds)[0]


def _embed(
    version: IndexVersion, prefix: str, texts: Sequence[str], seconds: float
) -> list[Vector]:
    digest = ollama.digest_of(version.model)
    if digest and version.digest and digest != version.digest:
        raise ModelReplaced(
            f"{version.model} on the server is {digest[:12]}, the index was made with "
            f"{version.digest[:12]}: `reembed --model {version.model}` makes it anew"
        )
    vectors = ollama.embed(
        version.model,
        [prefix + text for text in texts],
        seconds=seconds,
        dimensions=version.dimension if version.shortened else None,
    )
    for vector in vectors:
        if len(vector) != version.dimension:
            raise ModelReplaced(
                f"{version.model} gives {len(vector)} dimensions, the index has {version.dimension}"
            )
    return vectors
