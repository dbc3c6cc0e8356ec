"""Up to `EXACT_ROWS` a search equals one worked out in full; above, it misses next to nothing.

The reference knows nothing of SQL: cosines by numpy, BM25 by its formula, the 200 best of each.
"""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest

from resources.models import Level, Resource, Status
from resources.rag import graph
from resources.ranking import Filters, Hit, Scope, combine, search
from tests.resources import vectors
from tests.resources.vectors import WORDS, Made

pytestmark = pytest.mark.django_db
DIMENSION = 32
QUERIES = [f"{WORDS[0]} {WORDS[7]} {WORDS[40]}", WORDS[2], " ".join(WORDS[:12]), "unheard"]
# No filter, one that leaves a thirty-third.
ASK_WEIGHTS = [0.0, 0.4, 1.0]
FILTERS = [Filters(), Filters(level=Level.ADVANCED)]


@pytest.fixture
def made() -> Made:
    vectors.fill(resources=300, chunks=400)
    return vectors.index(DIMENSION)


def allowed(made: Made, scope: Scope, filters: Filters) -> list[int]:
    def is_allowed(pk: int) -> bool:
        resource = made.entries[pk].resource
        if resource is None:
            return scope is not Scope.RESOURCES
        return scope is not Scope.DOCUMENTS and filters.level in ("", resource.level)

    return [pk for pk in made.entries if is_allowed(pk)]


def bm25(made: Made, query: str) -> dict[int, float]:
    frequency = Counter(term for words in made.words.values() for term in set(words))
    total, average = len(made.words), made.version.average_length
    scores = {}
    for pk, words in made.words.items():
        score = 0.0
        for term in set(query.split()):
            if tf := words.count(term):
                idf = math.log(1 + (total - frequency[term] + 0.5) / (frequency[term] + 0.5))
                score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(words) / average))
        scores[pk] = score
    return scores


def best(scores: dict[int, float], among: list[int]) -> set[int]:
    return set(sorted(among, key=lambda pk: (-scores[pk], pk))[:200])


def expected(
    made: Made, query: str, vector: np.ndarray, scope: Scope, filters: Filters, ask_weight: float
) -> list[Hit]:
    among = allowed(made, scope, filters)
    length = np.linalg.norm(vector)
    cosine = {pk: v @ vector / np.linalg.norm(v) / length for pk, v in made.vectors.items()}
    facet = {
        pk: max(v @ vector / np.linalg.norm(v) / length for v in those)
        for pk, those in made.facets.items()
    }
    words = bm25(made, query)
    found = best(cosine, among) | {pk for pk in best(words, among) if words[pk]}
    if ask_weight:
        found |= best(facet, [pk for pk in among if pk in facet])
    hits = [
        Hit(
            pk,
            made.entries[pk].resource_id,
            made.entries[pk].chunk_id,
            "",
            cosine[pk],
            words[pk],
            ask=facet.get(pk) if ask_weight else None,
        )
        for pk in found
    ]
    return combine(hits, ask_weight=ask_weight)


def test_exactly(made: Made) -> None:
    rng = np.random.default_rng(5)
    for asked_for, filters, ask_weight in product(Scope, FILTERS, ASK_WEIGHTS):
        if asked_for is Scope.DOCUMENTS and filters.used():
            continue  # refused: documents have no level
        scope = asked_for.narrowed(filters)
        for query in QUERIES:
            vector = np.array(vectors.unit(rng, DIMENSION))
            asked = (query, list(vector), filters, 1000, scope)
            hits = search(made.version.pk, *asked, ask_weight=ask_weight)
            assert_same(hits, expected(made, query, vector, scope, filters, ask_weight))


def assert_same(hits: list[Hit], wanted: list[Hit]) -> None:
    """Every one of *wanted*, with its scores, the best first."""
    by_entry = {h.entry_id: h for h in wanted}
    assert {h.entry_id for h in hits} == set(by_entry)
    assert [h.score for h in hits] == pytest.approx([h.score for h in wanted], abs=1e-3)
    for hit in hits:
        other = by_entry[hit.entry_id]
        assert (hit.dense, hit.lexical, hit.score) == pytest.approx(
            (other.dense, other.lexical, other.score), abs=1e-3
        )
        assert hit.ask == (other.ask and pytest.approx(other.ask, abs=1e-3))


def test_nearest_facets_bring_in_what_no_other_leg_finds(made: Made) -> None:
    entry, (facet, _) = next(iter(made.facets.items()))
    hits = search(made.version.pk, "unheard", list(facet), Filters(), 3, Scope.ALL, ask_weight=1.0)
    assert hits[0].entry_id == entry
    assert hits[0].ask == pytest.approx(1, abs=1e-3)
    assert hits[0].score == pytest.approx(0.6)


def test_without_a_vector_words_decide_within_each_scope(made: Made) -> None:
    for scope in Scope:
        among = allowed(made, scope, Filters())
        words = bm25(made, QUERIES[0])
        wanted = [pk for pk in sorted(among, key=lambda pk: -words[pk])[:200] if words[pk]]
        hits = search(made.version.pk, QUERIES[0], None, Filters(), 1000, scope)
        assert len(hits) == len(wanted)
        assert [h.lexical for h in hits] == pytest.approx([words[pk] for pk in wanted], rel=1e-4)


def test_what_was_withdrawn_a_moment_ago_pushes_nobody_out(made: Made) -> None:
    vector = np.array(vectors.unit(np.random.default_rng(8), DIMENSION))
    resources = [pk for pk, entry in made.entries.items() if entry.resource_id]
    nearest = sorted(resources, key=lambda pk: -(made.vectors[pk] @ vector))
    withdrawn, left = nearest[:285], set(nearest[285:])
    gone = Resource.objects.filter(pk__in=[made.entries[pk].resource_id for pk in withdrawn])
    gone.update(status=Status.ARCHIVED)  # and no worker has taken them out of the index yet
    for scope, wanted in ((Scope.RESOURCES, left), (Scope.ALL, left | set(made.entries))):
        hits = search(made.version.pk, "unheard", list(vector), Filters(), 15, scope)
        assert len(hits) == 15
        assert {h.entry_id for h in hits} <= wanted - set(withdrawn)


def test_a_version_that_is_gone_finds_nothing(made: Made) -> None:
    assert search(made.version.pk + 1, QUERIES[0], [1.0] * DIMENSION, Filters(), 3) == []


def test_few_rows_need_no_graph(made: Made) -> None:
    assert graph.ensure(made.version)
    made.version.refresh_from_db()
    assert not made.version.graph
