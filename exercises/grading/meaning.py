"""How near the meaning of an answer is to a point, by the embedding model.

Vectors tell what a clause is about, and hardly whether it is denied: who uses them looks at the
words for that.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from threading import Lock

from django.conf import settings

from learning_assistant import ollama

Vector = Sequence[float]
MOST_KEPT = 5000
MOST_TEXTS = 48  # of an answer and its rubric, in one call


class Vectors:
    """The vectors of texts by the embedding model in use; those of rubrics are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Vector] = {}
        self._lock = Lock()

    def of(
        self, fleeting: Sequence[str], lasting: Sequence[str], seconds: float
    ) -> dict[str, Vector]:
        """Vectors of all texts, of length 1. *fleeting* ones are not remembered.

        Raises `ollama.ModelUnavailable`, after *seconds* at the latest.
        """
        ends = time.monotonic() + seconds
        model = settings.EMBED_MODEL
        digest = ollama.digest_of(model)
        with self._lock:
            found = {t: self._kept[digest, t] for t in lasting if (digest, t) in self._kept}
        new = list(dict.fromkeys(t for t in (*fleeting, *lasting) if t not in found))
        if not new:
            return found
        prefix = settings.EMBED_PASSAGE_PREFIX
        left = ends - time.monotonic()
        raw = ollama.embed(model, [prefix + text for text in new], seconds=left)
        vectors = {text: _unit(vector) for text, vector in zip(new, raw, strict=True)}
        if digest:
            self._keep(digest, {t: vectors[t] for t in lasting if t in vectors})
        return found | vectors

    def _keep(self, digest: str, vectors: dict[str, Vector]) -> None:
        with self._lock:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            self._kept.update({(digest, text): vector for text, vector in vectors.items()})


vectors = Vectors()


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector] if length else vector


def cosine(one: Vector, other: Vector) -> float:
    """Of two vectors of length 1; 0 where their widths differ."""
    if len(one) != len(other):
        return 0.0
    return float(sum(map(mul, one, other)))


@dataclass(frozen=True)
class Nearness:
    """How near the nearest unit of an answer is to a point, and to what contradicts it."""

    accepted: float
    refuted: float
    unit: str  # that is nearest to what is accepted
    accept: str  # the clause that it is nearest to


def nearness(
    units: Sequence[str], accepts: Sequence[str], refutes: Sequence[str], known: dict[str, Vector]
) -> Nearness:
    """Of *units* of an answer to a point's clauses, by the vectors *known* of all of them."""
    best = max(
        (
            (cosine(known[unit], known[accept]), unit, accept)
            for unit in units
            for accept in accepts
        ),
        default=(0.0, "", ""),
    )
    against = max(
        (cosine(known[unit], known[refute]) for unit in units for refute in refutes), default=0.0
    )
    return Nearness(best[0], against, best[1], best[2])
