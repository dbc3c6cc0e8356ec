"""Whatever is asked: the door refuses it by name, or the search answers it, words and all."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resources import marking
from resources.models import IndexVersion
from resources.rag import search as rag
from resources.rag import spelling
from resources.ranking import Scope, rank, search
from resources.serializers import ResourceQuery
from resources.words import folded, folding
from tests.examples import examples
from tests.resources.making import add, document, filters, index
from tests.scripted import Script

pytestmark = pytest.mark.django_db

PIECES = st.sampled_from(
    ["zebra", "zebar", "Zebras", "gradiant", "descent", "the", "of", "C++", "fast.ai", "GPT-4", "'",
     '"', "\\", "%", "%s", "%(query)s", "{allowed}", "$1", ":*", "<->", "&", "|", "!", "(", ")",
     "--", "/*", ";", "\0", "\ud800", "\udfff", "\ufeff", "\u200b", "\u202e", "\ue000", "\ue001",
     "ﬁne", "e\u0301", "\u0301", "ß", "İ", "ſ", "斑马", "제브라", "زرافة", "🦓", "👩🏽\u200d🔬",
     "\x1f", "\n", "\t", "http://a.example/b?c=d#e", "a@b.example", "1e999", "-1", "½", "x" * 300,
     "-" * 99, "a-b-c-d", "/usr/lib/x.so", "<b>zebra</b>", "&amp;", "NULL", "true"]
)  # fmt: skip
QUERIES = st.lists(PIECES | st.text(max_size=12), min_size=1, max_size=12).map(" ".join) | st.lists(
    PIECES | st.text(max_size=12), min_size=1, max_size=12
).map("".join)


@pytest.fixture
def version(model_server: Script) -> IndexVersion:
    add("Zebra crossings", summary="Gradient descent for zebras; C++ and GPT-4, fine-tuned.")
    add("Gradient descent", facets=["You want zebras & <b>gradients</b>"])
    add("Attention")
    document("guides/storage.md", "Vectors of zebras are kept.", "Gradients descend.")
    return index()


@examples(150)
@given(QUERIES)
@example("\0")
@example("\ud800")
@example("x" * 500)
@example("\ufeff")
@example("İ" * 200)
@pytest.mark.parametrize("width", [64, 0], ids=["with a vector", "by words alone"])
def test_any_query(version: IndexVersion, width: int, query: str) -> None:
    asked = ResourceQuery(data={"query": query, "session_id": "s"})
    if not asked.is_valid():
        assert set(asked.errors) == {"query"}
        return
    query = asked.validated_data["query"]
    mended = spelling.corrected(version.pk, query)
    assert mended and len(mended) < 2 * len(query) + 20
    vector = [1.0] + [0.0] * (width - 1) if width else None
    ranked = rank(version.pk, mended, vector, filters(), 3)
    assert len(ranked.hits) == 3 and not ranked.relaxed
    hits = search(version.pk, mended, vector, filters(), 10, Scope.ALL)
    assert all(0 <= hit.score <= 1.000001 for hit in hits)
    for ranges, text in zip(
        marking.ranges(["zebras", query], query), ["zebras", query], strict=True
    ):
        assert all(0 <= start < end <= len(text) for start, end in ranges)


@examples(300)
@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=80))
def test_folding_says_where_each_letter_was(text: str) -> None:
    letters, positions = folding(text)
    assert letters == folded(text) or text.isascii()
    assert len(letters) == len(positions)
    assert all(0 <= p < len(text) for p in positions) and positions == sorted(positions)


@examples(40)
@given(QUERIES.filter(lambda query: "\0" not in query and "\ud800" not in query))
def test_the_whole_search(version: IndexVersion, query: str) -> None:
    if not ResourceQuery(data={"query": query, "session_id": "s"}).is_valid():
        return
    assert len(rag.search(query, filters(), 3).resources) == 3
    found = rag.find(query, filters(), 10, Scope.ALL)
    assert found.missing == [] and len(found.results) >= 1
