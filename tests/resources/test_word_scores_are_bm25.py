"""PostgreSQL's word scores equal BM25 worked out apart from it, and stay equal through changes.

The formula is Robertson & Zaragoza's (2009) with k1 1.2, b 0.75 and the idf that Lucene uses. The
average length is the version's: it is frozen between refreshes, which happen once a tenth of the
rows has changed.
"""

import math
import random
from collections import Counter

import pytest
from django.db import connection

from resources.models import IndexVersion, Resource, Status
from resources.models.index import DocumentFrequency
from resources.rag import indexing, items
from resources.ranking import search
from resources.services import catalogue
from tests.resources.making import add, filters, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db
K1, B = 1.2, 0.75
WORDS = [
    "learn",
    "learning",
    "learned",
    "network",
    "networks",
    "graph",
    "vector",
    "tensor",
    "gradient",
    "descent",
    "loss",
    "model",
    "training",
    "test",
    "data",
    "label",
    "cluster",
    "tree",
    "forest",
    "kernel",
    "margin",
    "bayes",
    "prior",
    "posterior",
    "sample",
    "variance",
    "bias",
    "regression",
    "linear",
    "logistic",
    "neuron",
    "layer",
    "attention",
    "token",
    "embedding",
    "search",
    "index",
    "query",
    "rank",
    "retrieve",
    "speech",
    "audio",
    "image",
    "pixel",
    "segment",
    "detect",
    "track",
    "policy",
    "reward",
    "agent",
    "state",
    "action",
    "value",
    "chain",
    "tree's",
    "walk",
    "random",
    "seed",
    "noise",
    "signal",
    "filter",
    "wave",
    "series",
    "forecast",
    "trend",
]
QUERIES = [
    "gradient descent for a linear model",
    "learning",
    "networks network graph graph",
    "random walks on graphs and their embeddings",
    "zebra",
    "the of and",
    "policy zebra reward",
]
Rows = dict[int, Counter[str]]


def random_text(words: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


@pytest.fixture
def version(model_server: Script) -> IndexVersion:
    """Forty resources with texts of very different lengths."""
    for number in range(40):
        add(
            f"Resource {number} {random_text(3, number)}",
            summary=random_text(5 + 2 * number, -number),
        )
    return index()


def rows(version: IndexVersion) -> Rows:
    """The words of each published resource, straight from its text, with their counts."""
    found: Rows = {}
    for resource in Resource.objects.published():
        words = items.RESOURCES.texts(resource).words
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lexeme, cardinality(positions) FROM unnest(to_tsvector('english', %s))",
                [words],
            )
            found[resource.pk] = Counter(dict(cursor.fetchall()))
    return found


def bm25(documents: Rows, query: str, average: float) -> dict[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme, cardinality(positions) FROM unnest(to_tsvector('english', %s))", [query]
        )
        terms = dict(cursor.fetchall())
    frequency = Counter(term for words in documents.values() for term in words)
    total = len(documents)
    scores = {}
    for pk, words in documents.items():
        length = sum(words.values())
        score = 0.0
        for term, asked in terms.items():
            if tf := words[term]:
                idf = math.log(1 + (total - frequency[term] + 0.5) / (frequency[term] + 0.5))
                score += asked * idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / average))
        if score:
            scores[pk] = score
    return scores


def assert_equal(version: IndexVersion) -> None:
    """Scores, document frequencies and the number of rows, against the texts themselves."""
    version.refresh_from_db()
    documents = rows(version)
    assert version.rows == len(documents)
    stored = {
        f.lexeme.term: f.documents
        for f in DocumentFrequency.objects.filter(version=version).select_related("lexeme")
        if f.documents
    }
    assert stored == Counter(term for words in documents.values() for term in words)
    true_average = sum(sum(w.values()) for w in documents.values()) / len(documents)
    assert version.average_length == pytest.approx(true_average, rel=0.1)
    for query in QUERIES:
        hits = search(version.pk, query, None, filters(), 200)
        expected = bm25(documents, query, version.average_length)
        assert {h.resource_id: h.lexical for h in hits} == pytest.approx(expected, rel=1e-4), query
        assert [h.resource_id for h in hits] == sorted(expected, key=lambda pk: (-expected[pk], pk))


def change(resource: Resource, **values: str) -> None:
    catalogue.upsert({"url": resource.url, "title": resource.title, "kind": "tutorial"} | values)


def some(number: int) -> list[Resource]:
    return list(Resource.objects.published().order_by("pk")[10 : 10 + number])


def test_through_changes_that_refresh_nothing(version: IndexVersion) -> None:
    assert_equal(version)
    frozen = version.average_length
    (resource,) = some(1)
    change(resource, summary=random_text(30, 1000) + " A zebra with a policy, and a second zebra.")
    assert_equal(index())
    for _ in range(2):  # delivered once more, and once more
        indexing.index_rows(version, items.RESOURCES, [r.pk for r in some(5)])
    assert_equal(version)
    catalogue.set_status([resource], Status.ARCHIVED)
    assert_equal(index())
    version.refresh_from_db()
    assert version.average_length == frozen
    assert 0 < version.changed_rows <= version.rows / 10


def test_through_changes_of_a_third(version: IndexVersion) -> None:
    for number, resource in enumerate(some(13)):
        change(resource, summary=random_text(70, 2000 + number))
    assert_equal(index())
    version.refresh_from_db()
    assert version.changed_rows == 0, "a refresh has made all of it anew"
    catalogue.set_status(some(12), Status.ARCHIVED)
    assert_equal(index())
    catalogue.set_status(Resource.objects.filter(status=Status.ARCHIVED), Status.PUBLISHED)
    assert_equal(index())


def test_through_a_bulk_change_that_was_broken_off(version: IndexVersion) -> None:
    change(some(1)[0], summary=random_text(50, 3000))
    ids = [r.pk for r in some(1)]
    indexing._store_words(version, items.RESOURCES, ids, bulk=True)  # and no refresh came
    assert_equal(index())


def test_after_deletions(version: IndexVersion) -> None:
    catalogue.delete(some(2))
    indexing.index_rows(version, items.RESOURCES, [])  # what was queued
    assert_equal(version)


def test_a_query_of_stop_words_finds_nothing_by_words(model_server: Script) -> None:
    add("What is the point")
    assert search(index().pk, "what is the", None, filters(), 10) == []
