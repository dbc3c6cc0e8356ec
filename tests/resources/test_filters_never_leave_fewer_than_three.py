"""A filter that leaves too few is given up, the least important first, and the answer says so."""

from collections.abc import Iterator
from typing import Any

import pytest

from resources.models import IndexVersion
from resources.rag.search import search
from resources.ranking import Filters, rank
from tests.resources.making import add, filters, index, tree
from tests.scripted import Script, vector_of

pytestmark = pytest.mark.django_db
QUERY = "zebra stripes"
Found = tuple[list[dict[str, Any]], list[str]]


@pytest.fixture
def version(model_server: Script) -> Iterator[IndexVersion]:
    """Ten resources: levels and kinds in turn, the topics maths > algebra > groups, and art."""
    tree(maths="", algebra="maths", groups="algebra", art="")
    levels = ["beginner", "intermediate"]
    slugs = ["maths", "algebra", "groups", "art", "art"]
    for n in range(10):
        add(
            f"{_word(n)} {_word(n + 1)} zebra",
            level=levels[n % 2],
            kind="book" if n < 4 else "video",
            topics=[slugs[n % 5]],
            summary=f"{_word(n + 2)} {_word(n + 3)} {_word(n * 7)}",
        )
    yield index()


def _word(n: int) -> str:
    return ["alpha", "beta", "gamma", "delta", "epsilon", "iota", "kappa"][n % 7] + "xyz"[n % 3]


def found(version: IndexVersion, wanted: Filters, limit: int = 5) -> Found:
    answer = search(QUERY, wanted, limit)
    return answer.resources, answer.relaxed


def test_a_filter_that_leaves_enough_is_kept(version: IndexVersion) -> None:
    for limit in (3, 4, 5):
        resources, relaxed = found(version, filters(level="beginner"), limit)
        assert relaxed == []
        assert len(resources) == limit
        assert {r["level"] for r in resources} == {"beginner"}


def test_three_that_match_are_enough(version: IndexVersion) -> None:
    resources, relaxed = found(version, filters(kind="book"), 10)
    assert relaxed == []
    assert len(resources) == 4


def test_a_filter_that_leaves_none_is_given_up(version: IndexVersion) -> None:
    resources, relaxed = found(version, filters(level="advanced"))
    assert relaxed == ["level"]
    assert len(resources) == 5


def test_what_matched_stays_in_front(version: IndexVersion) -> None:
    wanted = filters(level="beginner", kind="book")  # two of them
    resources, relaxed = found(version, wanted)
    assert relaxed == ["level"]
    assert [(r["level"], r["kind"]) for r in resources[:2]] == [("beginner", "book")] * 2
    assert all(r["kind"] == "book" for r in resources[:4]), "then those within what is left"


def test_the_topic_is_given_up_last(version: IndexVersion) -> None:
    resources, relaxed = found(version, filters("advanced", "tool", "groups"))
    assert relaxed == ["level", "kind", "topic"]
    assert len(resources) >= 3
    assert [r["topics"] for r in resources[:2]] == [["groups"], ["groups"]]


def test_only_as_much_as_needed_is_given_up(version: IndexVersion) -> None:
    resources, relaxed = found(version, filters("advanced", "video", "art"))
    assert relaxed == ["level"]
    assert all(r["kind"] == "video" and r["topics"] == ["art"] for r in resources[:3])


def test_a_topic_covers_those_below_it(version: IndexVersion) -> None:
    for topic, below in (("maths", 6), ("algebra", 4), ("art", 4)):
        resources, relaxed = found(version, filters(topic=topic), 10)
        assert relaxed == []
        assert len(resources) == below
    tree(maths="groups")  # a tree that bites its own tail
    assert len(found(version, filters(topic="maths"), 10)[0]) == 6


def test_by_words_alone_too(version: IndexVersion) -> None:
    ranking = rank(version.pk, QUERY, None, filters(level="advanced"), 5)
    assert ranking.relaxed == ["level"]
    assert len(ranking.hits) == 5


def test_without_a_word_or_a_vector_there_are_still_three(version: IndexVersion) -> None:
    ranking = rank(version.pk, "qwertz", None, filters(), 5)
    assert len(ranking.hits) >= 3
    assert len({h.resource_id for h in ranking.hits}) == len(ranking.hits)
    assert all(0 <= h.score <= 1 for h in ranking.hits)


def test_without_an_index_there_are_still_three(model_server: Script) -> None:
    for n in range(4):
        add(f"Zebra {n}")
    answer = search(QUERY, filters(), 5)
    assert len(answer.resources) >= 3
    assert answer.missing == ["embedding"]


def test_an_empty_catalogue_gives_an_empty_list(model_server: Script) -> None:
    index()
    answer = search(QUERY, filters("advanced", "book", ""), 5)
    assert answer.resources == []


def test_two_published_are_two(model_server: Script) -> None:
    add("Zebra one"), add("Okapi two")
    index()
    assert len(search(QUERY, filters(level="advanced"), 5).resources) == 2


def test_a_query_of_another_vector_ranks_by_it(version: IndexVersion) -> None:
    target = found(version, filters(), 10)[0][7]
    text = f"{target['title']}\n{target['summary']}"
    hits = rank(version.pk, "qwertz", vector_of(text), filters(), 3).hits
    assert hits[0].resource_id == target["id"]
    assert hits[0].dense == pytest.approx(1, abs=0.01)
