"""Near duplicates and equal titles are collapsed, unless fewer than three would be left."""

import pytest

from resources.rag.search import search
from tests.resources.making import add, filters, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db
OTHERS = [
    "Zebra alpha beta gamma delta", "Zebra epsilon zeta eta theta", "Zebra iota kappa lambda mu",
    "Zebra nu xi omicron pi",
]  # fmt: skip


def titles(query: str = "zebra", limit: int = 5) -> list[str]:
    return [r["title"] for r in search(query, filters(), limit).resources]


def test_equal_titles_are_shown_once(model_server: Script) -> None:
    add("Zebra: The Book!", summary="One way to say it, about stripes and savannahs.")
    add("Zebra the book", summary="Quite another text altogether, of hooves or manes.")
    for title in OTHERS[:3]:
        add(title)
    index()
    shown = titles()
    assert len(shown) == 4
    assert len([t for t in shown if "book" in t.casefold()]) == 1


def test_near_equal_texts_are_shown_once(model_server: Script) -> None:
    add("Zebra one two three four five six seven eight nine ten eleven")
    add("Zebra eleven ten nine eight seven six five four three two one")
    for title in OTHERS[:3]:
        add(title)
    index()
    assert len(titles()) == 4


def test_the_better_of_two_is_the_one_shown(model_server: Script) -> None:
    add("Zebra crossing", summary="Far away from it: " + "noise signal filter wave " * 20)
    add("Zebra  Crossing", summary="Zebra crossing.")
    for title in OTHERS:
        add(title)
    index()
    shown = search("zebra crossing", filters(), 5).resources
    assert shown[0]["summary"] == "Zebra crossing."


def test_twice_is_better_than_fewer_than_three(model_server: Script) -> None:
    for _ in range(4):
        add("Zebra")
    index()
    assert titles() == ["Zebra"] * 3


def test_their_place_is_taken_by_the_next(model_server: Script) -> None:
    for _ in range(3):
        add("Zebra")
    for title in OTHERS:
        add(title)
    index()
    shown = titles(limit=5)
    assert len(shown) == len(set(shown)) == 5


def test_many_copies_do_not_push_out_the_rest(model_server: Script) -> None:
    for _ in range(12):
        add("Zebra")
    for title in OTHERS:
        add(title)
    index()
    shown = titles(limit=5)
    assert len(set(shown)) >= 3
