"""Ranking in numpy over an exported index, to try what the product does not do.

`fused` with its defaults is what `ranking.search` does; the benchmark checks that it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from django.db import connection

from resources import ranking
from resources.models import IndexEntry, IndexVersion, Topic
from resources.rag import embedding
from resources.rag.items import RESOURCES
from resources.rag.lexical import K1, B
from resources.words import folded

DEPTH = 100  # of a ranking
BATCH = 64
Matrix = np.ndarray[Any, np.dtype[np.float64]]
Words = list[dict[str, float]]


def words_of(texts: Sequence[str]) -> Words:
    """By text its lexemes with their counts."""
    found: Words = [{} for _ in texts]
    with connection.cursor() as cursor:
        for start in range(0, len(texts), 500):
            cursor.execute(
                """
                SELECT n, lexeme, cardinality(positions)
                FROM unnest(%s::text[]) WITH ORDINALITY AS given(content, n)
                CROSS JOIN LATERAL unnest(to_tsvector('english', content))
                """,
                [[folded(text) for text in texts[start : start + 500]]],
            )
            for n, lexeme, count in cursor.fetchall():
                found[start + n - 1][lexeme] = float(count)
    return found


def halved(vectors: Any) -> Matrix:
    """As they are stored: in half precision; brought to length 1."""
    stored = np.asarray(vectors, dtype=np.float16).astype(np.float64)
    return stored / np.linalg.norm(stored, axis=1, keepdims=True)


def bm25(queries: Words, documents: Words, k1: float = K1, b: float = B) -> Matrix:
    """Scores of all *documents* (columns) for all *queries* (rows); a query's counts weigh."""
    lengths = np.array([sum(words.values()) for words in documents])
    norms = k1 * (1 - b + b * lengths / lengths.mean())
    postings: dict[str, tuple[list[int], list[float]]] = {}
    for i, words in enumerate(documents):
        for term, count in words.items():
            ids, weights = postings.setdefault(term, ([], []))
            ids.append(i)
            weights.append(count * (k1 + 1) / (count + norms[i]))
    scores = np.zeros((len(queries), len(documents)))
    for row, query in zip(scores, queries, strict=True):
        for term, weight in query.items():
            if term in postings:
                ids, weights = postings[term]
                idf = np.log(1 + (len(documents) - len(ids) + 0.5) / (len(ids) + 0.5))
                row[ids] += weight * idf * np.array(weights)
    return scores


@dataclass
class Exported:
    """An index, and the queries that are put to it."""

    version: IndexVersion
    queries: list[str]
    rows: list[Any] = field(init=False)  # resources, in the order of the columns of all scores
    links: list[str] = field(init=False)

    def __post_init__(self) -> None:
        entries = IndexEntry.objects.filter(version=self.version, resource__isnull=False)
        ids = list(entries.order_by("pk").values_list("resource_id", flat=True))
        rows = {row.pk: row for row in RESOURCES.with_texts(RESOURCES.model.objects.filter())}
        self.rows = [rows[pk] for pk in ids]
        self.links = [row.canonical_url for row in self.rows]
        self.texts = [RESOURCES.texts(row) for row in self.rows]

    def passages(self, texts: Sequence[str]) -> Matrix:
        batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
        return halved([v for b in batches for v in embedding.embed_passages(self.version, b)])

    def query_vectors(self, queries: Sequence[str]) -> Matrix:
        return halved([embedding.embed_query(self.version, q, 60) for q in queries])

    @cached_property
    def vectors(self) -> Matrix:
        return self.passages([text.passage for text in self.texts])

    @cached_property
    def asked(self) -> Matrix:
        return self.query_vectors(self.queries)

    @cached_property
    def cosine(self) -> Matrix:
        return self.asked @ self.vectors.T

    @cached_property
    def dense(self) -> Matrix:
        """What `ranking` takes for nearness: with an ask weight the nearest ask counts too."""
        share = getattr(ranking, "ASK_WEIGHT", 0.0)
        if not share:
            return self.cosine
        lines = [[f.text for f in text.facets if f.role == "ask"] for text in self.texts]
        return (1 - share) * self.cosine + share * self.nearest_line(lines)

    @cached_property
    def words(self) -> Words:
        return words_of([text.words for text in self.texts])

    @cached_property
    def asked_words(self) -> Words:
        """Each word of a query, as often as it is there."""
        return [dict(words) for words in words_of(self.queries)]

    @cached_property
    def lexical(self) -> Matrix:
        return bm25(self.asked_words, self.words)

    @cached_property
    def titles(self) -> list[str]:
        return ["".join(c for c in row.title.casefold() if c.isalnum()) for row in self.rows]

    @cached_property
    def topic_names(self) -> list[str]:
        return list(Topic.objects.order_by("slug").values_list("name", flat=True))

    def nearest_line(self, lines: Sequence[Sequence[str]]) -> Matrix:
        """The highest cosine over each entry's *lines*; without any, that of the entry itself."""
        flat = [line for own in lines for line in own]
        scores = self.cosine.copy()
        if flat:
            near = self.asked @ self.passages(flat).T
            starts = np.cumsum([0, *map(len, lines)])
            for i, (start, end) in enumerate(zip(starts, starts[1:], strict=False)):
                if end > start:
                    scores[:, i] = near[:, start:end].max(axis=1)
        return scores

    def distinct(self, order: Sequence[int], depth: int = DEPTH) -> list[int]:
        """The first *depth* of *order* without what is there twice, as `ranking` does it."""
        kept: list[int] = []
        titles: set[str] = set()
        for i in order:
            if len(kept) == depth:
                break
            near = self.vectors[kept] @ self.vectors[i] if kept else np.zeros(1)
            if self.titles[i] not in titles and near.max() <= 1 - ranking.SAME_THING:
                kept.append(i)
            titles.add(self.titles[i])
        return kept

    def ranked(self, order: Sequence[int]) -> list[str]:
        return [self.links[i] for i in self.distinct(order)]


def min_max(scores: Matrix) -> Matrix:
    low, high = scores.min(), scores.max()
    return (scores - low) / ((high - low) or 1.0)


def over_max(scores: Matrix) -> Matrix:
    return scores / (scores.max() or 1.0)


def z_score(scores: Matrix) -> Matrix:
    return (scores - scores.mean()) / (scores.std() or 1.0)


Norm = Callable[[Matrix], Matrix]


def best(scores: Matrix, depth: int) -> Matrix:
    """The positions of the *depth* highest of one query's *scores*."""
    return np.lexsort((np.arange(len(scores)), -scores))[:depth]


def fused(
    dense: Matrix,
    lexical: Matrix,
    weight: float = ranking.DENSE_WEIGHT,
    *,
    norms: tuple[Norm, Norm] = (min_max, over_max),
    depth: int = ranking.LEG_DEPTH,
) -> Matrix:
    """The order of one query's candidates by the combined score."""
    by_words = best(lexical, depth)
    found = np.union1d(by_words[lexical[by_words] > 0], best(dense, depth))
    scores = weight * norms[0](dense[found]) + (1 - weight) * norms[1](lexical[found])
    return found[np.lexsort((found, -scores))]


def reciprocal(dense: Matrix, lexical: Matrix, k: int, depth: int = ranking.LEG_DEPTH) -> Matrix:
    """Reciprocal rank fusion: Cormack et al. (2009), https://doi.org/10.1145/1571941.1572114"""
    scores = np.zeros(len(dense))
    by_words = best(lexical, depth)
    for order in (best(dense, depth), by_words[lexical[by_words] > 0]):
        scores[order] += 1 / (k + 1 + np.arange(len(order)))
    return best(scores, int((scores > 0).sum()))
