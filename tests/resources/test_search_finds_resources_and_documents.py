"""`POST search`: resources and passages of documents in one list, strictly within the filters."""

from typing import Any

import pytest
import redis
from django.test import Client

from learning_assistant import api_keys
from resources.models import Chunk, Resource
from resources.services import catalogue
from tests.resources.making import add, document, index, tree
from tests.scripted import DIMENSION, Script

pytestmark = pytest.mark.alone

QUERY = "how do zebra stripes work?"
COMMON = {
    "type", "id", "title", "url", "document_path", "source", "heading_path", "position", "reason",
    "reason_source", "reason_highlights", "score", "scores",
}  # fmt: skip


@pytest.fixture
def zebras(committed_db: None, model_server: Script) -> Script:
    """Four resources, and three documents of two trees."""
    tree(animals="", equids="animals", maths="")
    for n, word in enumerate(["stripes", "hooves", "manes", "herds"]):
        add(
            f"Zebra {word}", facets=[f"How zebra {word} work"], kind="book" if n < 2 else "video",
            level="beginner", topics=["equids" if n < 3 else "maths"],
        )  # fmt: skip
    document(
        "guides/equids.md", "Grass is eaten by all of them.", "Stripes deter flies. So say many.",
        headings=["Coats", "Patterns"], title="Equids", metadata={"owner": "Ada", "tags": ["a"]},
    )  # fmt: skip
    document("guides_old/equids.md", "An older page on stripes of okapis.", title="Okapis")
    document("guides/equids.md", "Quagga stripes are rare.", source="museum", title="Quagga")
    index()
    return model_server


def post(client: Client, query: str = QUERY, **more: Any) -> Any:
    _, key = api_keys.create("test", ["search"])
    return client.post(
        "/api/learning/search", {"query": query} | more, content_type="application/json",
        headers={"authorization": f"Api-Key {key}"},
    )  # fmt: skip


def search(client: Client, query: str = QUERY, **more: Any) -> dict[str, Any]:
    answer = post(client, query, **more)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    assert body.keys() == {
        "results",
        "degraded",
        "degraded_reasons",
        "searched_for",
        "took_ms",
        "version",
    }
    return body


def found(client: Client, query: str = QUERY, **more: Any) -> set[tuple[str, str]]:
    """The title, and the path where there is one, of each result."""
    results = search(client, query, **({"limit": 50} | more))["results"]
    return {(r["title"], r["document_path"] or "") for r in results}


def test_both_kinds_in_one_list(zebras: Script, lane_worker: None, client: Client) -> None:
    body = search(client)
    assert (body["degraded"], body["degraded_reasons"]) == (False, [])
    assert body["version"] == {"model": "all-minilm", "dimension": DIMENSION}
    scores = [r["score"] for r in body["results"]]
    assert len(scores) == 8
    assert scores == sorted(scores, reverse=True)
    assert {r["type"] for r in body["results"]} == {"resource", "document"}
    assert all(r.keys() >= COMMON for r in body["results"])
    assert all(r["reason"] and -1 <= r["scores"]["dense"] <= 1.001 for r in body["results"])


def test_a_resource(zebras: Script, lane_worker: None, client: Client) -> None:
    (shown,) = search(client, scope="resources", limit=1)["results"]
    resource = Resource.objects.get(title="Zebra stripes")
    scores = shown.pop("scores")
    assert scores["lexical"] > 0
    assert shown == {
        "type": "resource", "id": resource.pk, "title": "Zebra stripes", "url": resource.url,
        "document_path": None, "source": None, "heading_path": None, "position": None,
        "kind": "book", "level": "beginner", "topics": ["equids"], "authors": [], "year": None,
        "summary": "", "reason": "How zebra stripes work", "reason_source": "curator",
        "reason_highlights": [[4, 9], [10, 17], [18, 22]], "score": 1.0,
    }  # fmt: skip


def test_a_passage_of_a_document(zebras: Script, lane_worker: None, client: Client) -> None:
    body = search(client, "flies deterred by patterns", scope="documents", limit=1)
    (shown,) = body["results"]
    chunk = Chunk.objects.get(content__startswith="Stripes deter")
    assert shown.pop("scores")["lexical"] > 0
    assert 0 < shown.pop("score") <= 1
    assert shown == {
        "type": "document", "id": chunk.document_id, "title": "Equids", "url": None,
        "document_path": "guides/equids.md", "source": "handbook", "position": 1,
        "heading_path": "Coats › Patterns", "metadata": {"owner": "Ada", "tags": ["a"]},
        "content": "Stripes deter flies. So say many.", "reason": "Stripes deter flies.",
        "reason_source": "passage", "reason_highlights": [[8, 13], [14, 19]],
    }  # fmt: skip


@pytest.mark.parametrize("query", ["patterns of coats", "who eats grass?"])
def test_a_document_is_found_by_its_headings_and_its_content(
    zebras: Script, lane_worker: None, client: Client, query: str
) -> None:
    for server_status in (200, 500):
        zebras.only, zebras.status = "/api/embed", server_status
        first = search(client, query)["results"][0]
        assert first["document_path"] == "guides/equids.md"


def test_the_scope_is_kept(zebras: Script, lane_worker: None, client: Client) -> None:
    both = {"resource", "document"}
    for scope, kinds in (("resources", {"resource"}), ("documents", {"document"}), ("all", both)):
        assert {r["type"] for r in search(client, scope=scope)["results"]} == kinds


STRIPES, HOOVES, MANES, HERDS = (
    (f"Zebra {word}", "") for word in ("stripes", "hooves", "manes", "herds")
)
EQUIDS, OKAPIS = ("Equids", "guides/equids.md"), ("Okapis", "guides_old/equids.md")
QUAGGA = ("Quagga", "guides/equids.md")


NARROWED: list[tuple[dict[str, str], set[tuple[str, str]]]] = [
    ({"level": "advanced"}, set()),
    ({"kind": "book"}, {STRIPES, HOOVES}),
    ({"kind": "book", "topic": "maths"}, set()),
    ({"topic": "animals"}, {STRIPES, HOOVES, MANES}),
    ({"source": "handbook"}, {EQUIDS, OKAPIS}),
    ({"source": "museum", "scope": "documents"}, {QUAGGA}),
    ({"path": "guides"}, {EQUIDS, OKAPIS, QUAGGA}),
    ({"path": "guides/"}, {EQUIDS, QUAGGA}),
    ({"path": "guides_"}, {OKAPIS}),
    ({"path": "guides%"}, set()),
    ({"path": "equids.md"}, set()),
    ({"path": "guides/", "source": "museum"}, {QUAGGA}),
    ({"path": "guides_old", "source": "museum"}, set()),
]


def test_filters_never_relax(zebras: Script, lane_worker: None, client: Client) -> None:
    for narrowed, left in NARROWED:
        assert found(client, **narrowed) == left, narrowed


def test_the_limit_is_kept(zebras: Script, lane_worker: None, client: Client) -> None:
    for limit in (1, 2, 8, 50):
        assert len(search(client, limit=limit)["results"]) == min(limit, 8)


def test_what_is_withdrawn_is_gone_at_once(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    assert STRIPES in found(client)
    catalogue.set_status(Resource.objects.filter(title="Zebra stripes"), "archived")
    assert STRIPES not in found(client)


def test_one_embedding_and_no_sentence(zebras: Script, lane_worker: None, client: Client) -> None:
    asked_before = len(zebras.calls)
    search(client)
    paths = [path for path, _ in zebras.calls[asked_before:]]
    assert [p for p in paths if p != "/api/tags"] == ["/api/embed"]


@pytest.mark.parametrize("how", ["status", "never", "garbage"])
def test_without_the_embedding_it_is_found_by_words(
    zebras: Script, lane_worker: None, client: Client, how: str
) -> None:
    zebras.only = "/api/embed"
    zebras.status = 503 if how == "status" else 200
    zebras.never = how == "never"
    zebras.body = b"no json" if how == "garbage" else None
    body = search(client)
    assert body["degraded_reasons"] == ["embedding"]
    assert body["degraded"] is True
    assert body["results"][0]["title"] == "Zebra stripes"
    assert {r["type"] for r in body["results"]} == {"resource", "document"}
    assert all(r["scores"]["dense"] is None for r in body["results"])
    assert search(client, "qwertz")["results"] == [], "nothing is made up"


def test_without_a_worker(zebras: Script, valkey: "redis.Redis", client: Client) -> None:
    body = search(client)
    assert body["degraded_reasons"] == ["queue"]
    assert body["version"] == {"model": "all-minilm", "dimension": DIMENSION}
    assert body["results"][0]["title"] == "Zebra stripes"
    assert found(client, kind="book", topic="maths") == set()


def test_without_a_broker(zebras: Script, no_broker: None, client: Client) -> None:
    assert found(client, "quagga", source="museum") == {QUAGGA}
    assert search(client)["degraded_reasons"] == ["queue"]


def test_before_anything_was_indexed(
    model_server: Script, lane_worker: None, client: Client
) -> None:
    body = search(client)
    assert (body["results"], body["version"]) == ([], None)
    assert body["degraded_reasons"] == ["embedding", "catalogue"]


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"query": ""}, "query", "blank"),
        ({"query": "x" * 501}, "query", "at most 500 characters, 501"),
        ({"limit": 0}, "limit", "must be from 1 to 50, 0 was sent"),
        ({"limit": 51}, "limit", "must be from 1 to 50, 51 was sent"),
        ({"scope": "everything"}, "scope", "must be one of resources, documents, all"),
        ({"topic": "nothing"}, "topic", "there is no topic 'nothing'"),
        ({"source": "nothing"}, "source", "there is no tree of documents 'nothing'"),
        ({"source": "x\0"}, "source", "ull"),
        ({"path": "x" * 801}, "path", "at most 800 characters, 801"),
        ({"session_id": "s"}, "session_id", "unknown field"),
        ({"scope": "documents", "level": "beginner"}, "level", "only resources have a level"),
        ({"scope": "resources", "path": "a/"}, "path", "only documents have a path"),
        ({"kind": "book", "path": "a/"}, "path", "the search is for resources"),
    ],
)
@pytest.mark.django_db
def test_what_can_not_be_asked_is_named(
    client: Client, more: dict[str, Any], field: str, said: str
) -> None:
    answer = post(client, **more)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["detail"]
