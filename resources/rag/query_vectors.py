"""The vector of a learner's question: remembered, shared with who asks the same, in time or not."""

import base64
import logging
from array import array

from learning_assistant import ollama
from learning_assistant.breaker import breaker, guarded
from learning_assistant.remembering import Flights, Remembered, key_of
from resources.models import IndexVersion
from resources.rag import embedding
from resources.ranking import Vector

logger = logging.getLogger(__name__)

# Under load a call may miss its 0.25 s, and the next one not: only a row of them is an outage.
_breaker = breaker("embedding", failures=12)
_flights = Flights()
_remembered = Remembered("vectors", places=4096, seconds=24 * 3600)  # 2 KB each at 384 dimensions


def vector_of(version: IndexVersion, query: str, seconds: float) -> Vector | None:
    """The vector of *query*, or None where the model server can't give it within *seconds*."""
    key = key_of(version.digest, version.model, version.query_prefix, version.dimension, query)
    if kept := _remembered.get(key):
        return _read(kept)
    try:
        return _flights.share(key, lambda: _ask(version, query, seconds, key), seconds)
    except embedding.ModelReplaced as error:
        logger.error("%s", error)
    except ollama.ModelUnavailable as error:
        logger.warning("searching without the query's embedding: %s", error.brief)
    except TimeoutError:
        logger.warning("searching without the query's embedding: the same takes too long")
    return None


def _ask(version: IndexVersion, query: str, seconds: float, key: str) -> Vector:
    with guarded(_breaker):
        vector = embedding.embed_query(version, query, seconds)
    if version.digest:  # else another model may take its name
        _remembered.put(key, base64.b64encode(array("f", vector).tobytes()).decode())
    return vector


def _read(kept: str) -> Vector:
    return array("f", base64.b64decode(kept))
