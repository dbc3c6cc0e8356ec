"""`reason_highlights`: where a reason matches the query, by BM25's stems, in code points."""

import unicodedata

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from resources import marking
from resources.rag.search import search
from tests.examples import examples
from tests.resources.making import add, filters, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db


def marked(text: str, query: str) -> list[str]:
    (ranges,) = marking.ranges([text], query)
    return [text[start:end] for start, end in ranges]


@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("Learned once, learns for ever", "learning", ["Learned", "learns"]),
        ("Networks of a network", "networked", ["Networks", "network"]),
        ("The point of it", "what is the point", ["point"]),
        ("The point of it", "what is the", []),
        ("Nothing here", "zebra", []),
        ("", "zebra", []),
        ("Gerón and Velickovic", "geron veličković", ["Gerón", "Velickovic"]),
        (unicodedata.normalize("NFD", "by Gerón, ok"), "Gerón", ["Gero\u0301n"]),
        ("A ﬁne-tuned model", "fine tuned", ["ﬁne", "tuned"]),
        ("<script>alert('zebra')</script> zebras", "zebra", ["zebras"]),
        ("<b>zebra</b> <zebra>", "zebra", ["zebra"]),
        ('<img src=x onerror="zebra()"> zebra', "zebra script img", ["zebra"]),
        ("a < zebra & b > c &amp; zebra", "zebra", ["zebra", "zebra"]),
        ("🦓🦓 zebra 👩🏽\u200d🔬 zebras", "zebra", ["zebra", "zebras"]),
        ("关于 机器学习 的书", "机器学习", ["机器学习"]),
        ("머신 러닝 입문", "러닝", ["러닝"]),
        ("zebra\ue000 \ue001zebra", "zebra", ["zebra", "zebra"]),
        ("\ue000\ue001", "zebra", []),
        ("it's a zebra’s “zebra”", "zebra's", ["zebra", "zebra"]),
        ("back\\slash 'quote'", "back\\slash 'quote' | & ! <-> :*", ["back", "slash", "quote"]),
        ("zebra" * 1000, "zebra", []),
        ("½ zebra", "1 zebra", ["½", "zebra"]),
    ],
)
def test_the_words(text: str, query: str, words: list[str]) -> None:
    assert marked(text, query) == words


def test_many_texts_keep_their_order() -> None:
    texts = ["zebra", "", "a zebra", "okapi", "zebras zebra"]
    assert marking.ranges(texts, "zebra") == [[[0, 5]], [], [[2, 7]], [], [[0, 6], [7, 12]]]
    assert marking.ranges([], "zebra") == []


WORDS = st.sampled_from(["zebra", "Zebras", "<b>", "🦓", "ﬁne", "é", "e\u0301", "斑马", "'", "x-y"])
TEXTS = st.text(max_size=60).filter(lambda t: "\0" not in t and t.isprintable())


@given(st.lists(WORDS | TEXTS, max_size=12).map(" ".join), st.lists(WORDS, max_size=3))
@example("½⅓ zebra ½", ["1", "3"])
@examples(100)
def test_ranges_are_in_order_inside_the_text_and_apart(text: str, query: list[str]) -> None:
    (ranges,) = marking.ranges([text], " ".join(query))
    edges = [edge for each in ranges for edge in each]
    assert edges == sorted(edges)
    assert all(start < end for start, end in ranges)
    assert all(0 <= edge <= len(text) for edge in edges)


def test_what_bm25_finds_is_what_is_marked() -> None:
    text = "Real-time detection of zebra-crossings, as e.g. state-of-the-art detectors do"
    for query in ("detecting", "crossing", "times", "art", "real-time"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tsvector_to_array(to_tsvector('english', %s)) && "
                "tsvector_to_array(to_tsvector('english', %s))", [text, query],
            )  # fmt: skip
            (matches,) = cursor.fetchone()
        assert bool(marked(text, query)) == matches, query


def test_a_learners_answer_has_them_too(model_server: Script) -> None:
    add("A handbook", facets=["You want <b>networks</b> that 🦓 learned quickly"])
    index()
    (shown,) = search("learning with a network", filters(), 3).resources
    assert shown["reason"] == "You want <b>networks</b> that 🦓 learned quickly", (
        "as it was written"
    )
    assert [shown["reason"][a:b] for a, b in shown["reason_highlights"]] == ["networks", "learned"]
