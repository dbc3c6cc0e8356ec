"""In a large version an index finds the rows of a question's rarer words; all words score them."""

from collections.abc import Iterator

import numpy as np
import pytest

from resources.models import Document, Resource
from resources.rag import graph, indexing
from resources.ranking import Filters, Hit, Scope, looking, search
from resources.ranking.looking import Question, Term
from tests.resources import vectors
from tests.resources.vectors import WORDS, Made

EXACT = 20
DIMENSION = 16
COMMON, RARE = WORDS[0], WORDS[50]


@pytest.fixture
def made(committed_db: None) -> Iterator[Made]:
    vectors.fill(resources=900, chunks=100)
    made = vectors.index(DIMENSION)
    assert graph.ensure(made.version, EXACT)
    yield made
    graph.drop(made.version)
    Document.objects.all().delete()


def found(made: Made, query: str, exact_rows: int = EXACT, *, by_words: bool = False) -> list[Hit]:
    vector = vectors.unit(np.random.default_rng(3), DIMENSION)
    given = None if by_words else vector
    return search(
        made.version.pk,
        query,
        given,
        Filters(),
        300,
        Scope.ALL,
        ask_weight=0,
        exact_rows=exact_rows,
    )


def asked_for(*documents: int, rows: int) -> tuple[list[int], bool]:
    terms = tuple(Term(n, f"t{n}", count, 1) for n, count in enumerate(documents, 1))
    return Question(1, 3, rows, terms, True, True, None, 1, True, True, True).rarest()


def test_common_words_are_left_to_the_scores() -> None:
    assert asked_for(9_000, 20, 2_000, rows=10_000) == ([2, 3], False)
    assert asked_for(1_000, 20, 1_500, rows=10_000) == ([2, 1, 3], True)
    assert asked_for(9_000, rows=10_000) == ([1], True), "the only one it has"
    assert asked_for(9_000, 20, 2_000, rows=200_000) == ([2, 3, 1], True)


def test_scores_are_exact_and_the_best_are_the_same(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = {h.entry_id: h for h in found(made, f"{COMMON} {RARE}", 10_000)}
    best = sorted(exact.values(), key=lambda h: -h.lexical)[:5]
    assert all(RARE in made.words[h.entry_id] for h in best)
    monkeypatch.setattr(looking, "LEAST_BY_INDEX", 30)
    monkeypatch.setattr(looking, "SHARE_BY_INDEX", 1_000)
    by_index = {h.entry_id: h for h in found(made, f"{COMMON} {RARE}")}
    assert {h.entry_id for h in best} <= set(by_index)
    for entry in set(by_index) & set(exact):
        assert by_index[entry].lexical == pytest.approx(exact[entry].lexical)
    assert any(COMMON in made.words[pk] and by_index[pk].lexical for pk in by_index)


def test_words_alone_are_looked_for_in_all_rows(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LEAST_BY_INDEX", 30)
    monkeypatch.setattr(looking, "SHARE_BY_INDEX", 1_000)
    for query in (f"{COMMON} {RARE}", RARE):
        exact = [(h.entry_id, h.lexical) for h in found(made, query, 10_000, by_words=True)]
        assert [(h.entry_id, h.lexical) for h in found(made, query, by_words=True)] == exact


def test_it_follows_every_change(made: Made) -> None:
    entry = next(e for e in made.entries.values() if e.resource_id and e.resource)
    Resource.objects.filter(pk=entry.resource_id).update(summary="zebraok", content_hash="new")
    indexing.index_words(made.version)
    hits = found(made, "zebraok", by_words=True)
    assert [h.resource_id for h in hits] == [entry.resource_id]
    with_vector = {h.resource_id: h.lexical for h in found(made, "zebraok")}
    assert with_vector[entry.resource_id] > 0
    Resource.objects.filter(pk=entry.resource_id).update(summary="okapiok", content_hash="newer")
    indexing.index_words(made.version)
    assert found(made, "zebraok", by_words=True) == []
    assert [h.resource_id for h in found(made, "okapiok", by_words=True)] == [entry.resource_id]
    graph.ensure(made.version, EXACT)
    assert [h.resource_id for h in found(made, "okapiok", by_words=True)] == [entry.resource_id]
