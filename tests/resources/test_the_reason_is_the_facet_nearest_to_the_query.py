"""Each resource comes with a reason: the facet that fits the query, or what else is known of it."""

import pytest

from resources import presenting
from resources.models import FacetVector
from resources.rag.search import search
from resources.ranking import Hit
from tests.resources.making import add, filters, index, tree
from tests.scripted import Script

pytestmark = pytest.mark.django_db
FACETS = [
    "You want to tell photographs of cats and dogs apart",
    "You are after the proof that gradient descent converges",
    "You need to turn recordings of speech into text",
]
QUERIES = [
    ("classify pictures of pets", 0),
    ("mathematical convergence guarantees of optimisation", 1),
    ("transcribe audio of people talking", 2),
]


@pytest.mark.parametrize(("query", "nearest"), QUERIES)
def test_by_meaning_with_the_real_model(services: None, query: str, nearest: int) -> None:
    add("A handbook", facets=FACETS, summary="Everything, in many chapters.")
    add("Another"), add("A third")
    index()
    (handbook,) = [
        r for r in search(query, filters(), 3).resources if r["title"] == "A handbook"
    ]  # fmt: skip
    assert handbook["reason"] == FACETS[nearest]
    assert handbook["reason_source"] == "curator"


def test_by_common_words_where_the_query_has_no_vector(model_server: Script) -> None:
    add("A handbook", facets=FACETS)
    index()
    model_server.status = 500
    (shown,) = search("proofs about descents", filters(), 3).resources
    assert shown["reason"] == FACETS[1]


def test_the_first_facet_where_no_word_is_common(model_server: Script) -> None:
    add("A handbook", facets=FACETS)
    index()
    model_server.status = 500
    (shown,) = search("handbook", filters(), 3).resources
    assert shown["reason"] == FACETS[0]


def test_a_facet_that_is_not_embedded_yet_comes_after_those_that_are(model_server: Script) -> None:
    add("A handbook", facets=FACETS)
    index()
    FacetVector.objects.filter(facet__text=FACETS[0]).delete()
    (shown,) = search("photographs of cats and dogs", filters(), 3).resources
    assert shown["reason"] in FACETS[1:]


def test_the_summarys_first_sentence_where_there_is_no_facet(model_server: Script) -> None:
    add("Zebras", summary="All about stripes, e.g.bars. And then about hooves.")
    index()
    (shown,) = search("zebras", filters(), 3).resources
    assert shown["reason"] == "All about stripes, e.g.bars."
    assert shown["reason_source"] == "curator"


def test_a_match_where_there_is_neither(model_server: Script) -> None:
    tree(maths="")
    add("Zebras"), add("Okapis", topics=["maths"])
    index()
    shown = {r["title"]: r for r in search("zebras", filters(), 3).resources}
    assert shown["Zebras"]["reason_source"] == shown["Okapis"]["reason_source"] == "match"
    assert shown["Zebras"]["reason"] == "Matches your question by its title."
    assert "Maths" in shown["Okapis"]["reason"]


def test_a_resource_deleted_between_search_and_answer_is_left_out(model_server: Script) -> None:
    resource = add("Zebras")
    hits = [
        Hit(1, resource.pk, None, "Zebras", None, 1.0, 1.0),
        Hit(2, 0, None, "Gone", None, 1.0, 0.5),
    ]
    assert [r["title"] for r in presenting.describe(hits, "q", None, None)] == ["Zebras"]


def test_everything_that_the_api_shows(model_server: Script) -> None:
    tree(maths="")
    add(
        "Zebras", url="http://www.z.example/a/#top", kind="book", level="beginner", year=1999,
        topics=["maths"], authors=["A. One"], summary="Stripes.", facets=["For all"],
    )  # fmt: skip
    index()
    (shown,) = search("zebras", filters(), 3).resources
    assert shown.pop("id")
    assert 0 < shown.pop("score") <= 1
    assert shown == {
        "title": "Zebras", "url": "http://www.z.example/a/#top", "kind": "book",
        "level": "beginner", "topics": ["maths"], "authors": ["A. One"], "year": 1999,
        "summary": "Stripes.", "reason": "For all", "reason_source": "curator",
        "reason_highlights": [],
    }  # fmt: skip
