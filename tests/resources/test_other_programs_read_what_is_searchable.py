import json

import pytest

from resources.models import DenseVector, Resource, Status
from resources.rag.items import RESOURCES
from resources.services import catalogue
from tests.resources.making import add, index
from tests.resources.reading import ask, document

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model_server", "valkey")]


def rows():
    """Each row as a dict, by its path and position; all but the embedding."""
    found = ask(
        "SELECT to_jsonb(r) - 'embedding' FROM rag_embeddings r ORDER BY document_path, position"
    )
    return [json.loads(row) for (row,) in found]


def test_a_chunk_of_a_document_is_a_row_under_the_documents_path():
    document("specs/backend.md", "What it is.", "How it finds.", "And why.", owner="ana", tags=[1])
    index()
    first, second, third = rows()
    assert first == {
        "document_path": "specs/backend.md",
        "position": 0,
        "heading_path": "",
        "content": "What it is.",
        "metadata": {"owner": "ana", "tags": [1]},
        "title": "The title of specs/backend.md",
        "url": None,
        "source": "handbook",
    }
    assert (second["heading_path"], second["position"]) == ("Backend", 1)
    assert (third["heading_path"], third["content"]) == ("Backend › RAG pipeline", "And why.")


def test_a_published_resource_is_a_row_under_its_link():
    resource = add(
        "PCA explained",
        url="https://Example.org/pca",
        kind="video",
        level="beginner",
        topics=["statistics", "linear-algebra"],
        authors=["Ana Ruiz", "Bo Li"],
        year=2014,
        summary="Principal components, slowly.",
        facets=["for those who failed at eigenvalues", "for a first look"],
        asks=["what is an eigenvector?"],
    )
    index()
    assert rows() == [
        {
            "document_path": resource.url,
            "position": 0,
            "heading_path": "",
            "content": "PCA explained\nPrincipal components, slowly.\n"
            "for those who failed at eigenvalues\nfor a first look",
            "metadata": {
                "kind": "video",
                "level": "beginner",
                "topics": ["linear-algebra", "statistics"],
                "authors": ["Ana Ruiz", "Bo Li"],
                "year": 2014,
            },
            "title": "PCA explained",
            "url": resource.url,
            "source": "catalogue",
        }
    ]


def test_the_content_is_the_text_that_was_embedded():
    add("All of it", summary="A summary.", facets=["one case", "another"], asks=["a question?"])
    add("A title alone")
    index()
    embedded = {RESOURCES.texts(resource).passage for resource in Resource.objects.all()}
    assert {row["content"] for row in rows()} == embedded


def test_what_nobody_has_said_is_null():
    add("A title alone")
    index()
    [row] = rows()
    assert row["metadata"] == {
        "kind": "tutorial", "level": None, "topics": [], "authors": [], "year": None,
    }  # fmt: skip


def test_only_what_is_published_is_shown():
    for status in Status.values:
        add(status, status=status)
    index()
    assert [row["title"] for row in rows()] == ["published"]
    # At once, before a worker has taken it out of the index.
    catalogue.set_status(Resource.objects.filter(title="published"), Status.DRAFT)
    assert rows() == []


def test_a_vector_of_an_older_text_is_not_shown():
    add("Old title", url="https://one.example/")
    changed = document("a.md", "old words")
    index()
    assert len(rows()) == 2
    catalogue.upsert({"title": "New", "url": "https://one.example/", "kind": "paper"})
    changed.chunks.update(content="new words", content_hash="another")
    assert rows() == []
    index()
    assert [row["content"] for row in rows()] == ["new words", "New"]


def test_what_is_not_embedded_yet_is_not_shown():
    add("Found by its words alone")
    index()
    DenseVector.objects.all().delete()
    assert rows() == []


def test_two_trees_may_have_the_same_path():
    document("README.md", "one", source="first")
    document("README.md", "two", source="second")
    index()
    assert {(row["document_path"], row["source"]) for row in rows()} == {
        ("README.md", "first"),
        ("README.md", "second"),
    }


def test_the_columns_are_what_was_agreed():
    types = ask(
        "SELECT attname, atttypid::regtype::text FROM pg_attribute"
        " WHERE attrelid = 'rag_embeddings'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert types == [
        ("document_path", "text"),
        ("embedding", "halfvec"),
        ("position", "integer"),
        ("heading_path", "text"),
        ("content", "text"),
        ("metadata", "jsonb"),
        ("title", "text"),
        ("url", "text"),
        ("source", "text"),
    ]
