"""What else could be done with the same index: each variation gives a ranking for each query."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from resources.models import Role
from resources.ranking import DENSE_WEIGHT
from tests.load.twin import (
    Exported,
    Matrix,
    Words,
    best,
    bm25,
    fused,
    min_max,
    over_max,
    reciprocal,
    words_of,
    z_score,
)

Rankings = list[list[str]]
Variation = tuple[str, Callable[[], Rankings]]
# The embedded model reads 256 word pieces: about so many English words, and where the next begin.
WINDOW, STEP, SHORTEST = 150, 110, 40
SHORT_QUERY = 5  # words


def all_of(index: Exported) -> Iterator[Variation]:
    yield "BM25", lambda: [index.ranked(by_words(row)) for row in index.lexical]
    yield "dense", lambda: [index.ranked(best(row, 200)) for row in index.dense]
    yield "ours (twin)", lambda: _fused(index)
    for group in (_fusions, _words, _vectors, _feedback, _topics, _asks):
        yield from group(index)


def by_words(scores: Matrix) -> Matrix:
    order = best(scores, 200)
    return order[scores[order] > 0]


def _fused(
    index: Exported, dense: Any = None, lexical: Any = None, weight: Any = DENSE_WEIGHT, **how: Any
) -> Rankings:
    dense = index.dense if dense is None else dense
    lexical = index.lexical if lexical is None else lexical
    weights = np.broadcast_to(weight, len(index.queries))
    rows = zip(dense, lexical, weights, strict=True)
    return [index.ranked(fused(d, x, float(w), **how)) for d, x, w in rows]


def _fusions(index: Exported) -> Iterator[Variation]:
    for k in (10, 60):
        yield (
            f"rank fusion, k={k}",
            lambda k=k: [
                index.ranked(reciprocal(d, x, k))
                for d, x in zip(index.dense, index.lexical, strict=True)
            ],
        )
    for weight in (0.3, 0.4, 0.5, 0.7, 0.8):
        yield f"dense weight {weight}", lambda w=weight: _fused(index, weight=w)
    norms = {
        "both min-max": (min_max, min_max),
        "z-scores": (z_score, z_score),
        "both over their maximum": (over_max, over_max),
        "dense from -1..1": (lambda scores: (scores + 1) / 2, over_max),
    }
    for name, pair in norms.items():
        yield f"normalised: {name}", lambda pair=pair: _fused(index, norms=pair)
    for depth in (50, 1000):
        yield f"candidates: {depth} of each", lambda n=depth: _fused(index, depth=n)
    short = np.array([len(query.split()) <= SHORT_QUERY for query in index.queries])
    for low, high in ((0.5, 0.7), (0.7, 0.5)):
        yield (
            f"weight {low} up to {SHORT_QUERY} words, {high} above",
            lambda low=low, high=high: _fused(index, weight=np.where(short, low, high)),
        )


def _words(index: Exported) -> Iterator[Variation]:
    for k1, b in ((0.9, 0.4), (1.2, 0.5), (1.2, 0.9), (1.6, 0.75), (2.0, 0.75)):
        yield (
            f"BM25 k1={k1} b={b}",
            lambda k1=k1, b=b: _fused(index, lexical=bm25(index.asked_words, index.words, k1, b)),
        )
    yield (
        "a query's words as often as they are in it",
        lambda: _fused(index, lexical=bm25(words_of(index.queries), index.words)),
    )
    for times in (2, 3):
        yield (
            f"title's words {times} times",
            lambda n=times: _fused(index, lexical=bm25(index.asked_words, _weighted(index, n))),
        )


def _weighted(index: Exported, times: int) -> Words:
    titles = words_of([row.title for row in index.rows])
    return [
        {term: count + (times - 1) * title.get(term, 0) for term, count in words.items()}
        for words, title in zip(index.words, titles, strict=True)
    ]


def _vectors(index: Exported) -> Iterator[Variation]:
    for share in (0.2, 0.4):
        yield (
            f"title's vector, {share}",
            lambda a=share: _fused(
                index,
                (1 - a) * index.dense
                + a * (index.asked @ index.passages([r.title for r in index.rows]).T),
            ),
        )
    yield (
        "long texts: best of their windows",
        lambda: _fused(index, np.maximum(index.dense, index.nearest_line(_windows(index)))),
    )
    yield (
        "long texts: mean of whole and best window",
        lambda: _fused(index, (index.dense + index.nearest_line(_windows(index))) / 2),
    )


def _windows(index: Exported) -> list[list[str]]:
    """What follows the first window of each text, under its title."""
    found = []
    for row in index.rows:
        words = row.summary.split()
        starts = range(STEP, max(len(words) - SHORTEST, 0), STEP)
        found.append([f"{row.title}\n{' '.join(words[s : s + WINDOW])}" for s in starts])
    return found


def _feedback(index: Exported) -> Iterator[Variation]:
    """Rocchio in vectors and RM3 in words: what the first results have in common is asked too."""
    for results, share in ((3, 0.2), (5, 0.4)):
        yield (
            f"Rocchio, {results} results, {share}",
            lambda n=results, a=share: _fused(index, _rocchio(index, n, a)),
        )
    for results, share in ((5, 0.3), (10, 0.3), (10, 0.5)):
        yield (
            f"RM3, {results} results, {share}",
            lambda n=results, a=share: _fused(index, lexical=bm25(_rm3(index, n, a), index.words)),
        )


def _firsts(index: Exported, count: int) -> list[Matrix]:
    return [fused(d, x)[:count] for d, x in zip(index.dense, index.lexical, strict=True)]


def _rocchio(index: Exported, results: int, share: float) -> Matrix:
    means = np.array([index.vectors[first].mean(axis=0) for first in _firsts(index, results)])
    return ((1 - share) * index.asked + share * means) @ index.vectors.T


def _rm3(index: Exported, results: int, share: float, terms: int = 20) -> Words:
    """Lavrenko & Croft's relevance model, mixed with the query (Abdul-Jaleel et al., TREC 2004)."""
    expanded = []
    firsts = _firsts(index, results)
    for query, first in zip(index.asked_words, firsts, strict=True):
        model: Counter[str] = Counter()
        for i in first:
            length = sum(index.words[i].values())
            for term, count in index.words[i].items():
                model[term] += count / length
        top = model.most_common(terms)
        total = sum(weight for _, weight in top) or 1.0
        words = {term: share * weight / total for term, weight in top}
        for term in query:
            words[term] = words.get(term, 0) + (1 - share) / len(query)
        expanded.append(words)
    return expanded


def _topics(index: Exported) -> Iterator[Variation]:
    """The names of the nearest topics are asked too, at a lower weight."""
    if not index.topic_names:
        return
    for count, weight in ((1, 0.3), (2, 0.3)):
        yield (
            f"{count} nearest topic names, {weight}",
            lambda n=count, w=weight: _fused(
                index, lexical=bm25(_with_topics(index, n, w), index.words)
            ),
        )


def _with_topics(index: Exported, count: int, weight: float) -> Words:
    near = index.asked @ index.passages(index.topic_names).T
    names = words_of(index.topic_names)
    return [
        {term: weight for i in best(row, count) for term in names[i]} | words
        for row, words in zip(near, index.asked_words, strict=True)
    ]


def _asks(index: Exported) -> Iterator[Variation]:
    """Questions that learners would ask of an entry, written at curation."""
    lines = {
        role: [[f.text for f in text.facets if f.role == role] for text in index.texts]
        for role in (Role.ASK, Role.CASE)
    }
    for role, own in lines.items():
        if not any(own):
            continue
        for share in (0.3, 0.5, 0.7):
            yield (
                f"nearest {role}, {share}",
                lambda a=share, own=own: _fused(
                    index, (1 - a) * index.cosine + a * index.nearest_line(own)
                ),
            )
