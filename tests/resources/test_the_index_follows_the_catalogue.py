"""What staff change is what learners find: soon when it is new, at once when it is withdrawn."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from learning_assistant.ollama import ModelUnavailable
from resources.models import DenseVector, Facet, FacetVector, IndexEntry, Status
from resources.rag import indexing, items, versions
from resources.rag.search import search
from resources.services import catalogue
from resources.tasks import index_lagging, index_resources
from tests.resources.making import add, filters, index
from tests.scripted import Script, vector_of

Commit = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def commit(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Commit:
    """A block at whose end all that waits for the commit is done."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def found(query: str, limit: int = 3) -> list[str]:
    return [r["title"] for r in search(query, filters(), limit).resources if r["score"] > 0]


def embedded_texts(server: Script) -> list[str]:
    return [t for path, asked in server.calls if path == "/api/embed" for t in asked["input"]]


@pytest.mark.django_db
def test_a_published_resource_is_found_once_a_worker_ran(
    model_server: Script, commit: Commit, work_off: Callable[[], list[Any]]
) -> None:
    with commit():
        resource = add("Zebra crossings", summary="Stripes.")
        catalogue.queue_indexing([resource])
    assert found("zebra") == []
    assert work_off() == [("resources.tasks.index_resources", [[resource.pk]])]
    assert found("zebra") == ["Zebra crossings"]


@pytest.mark.django_db
def test_a_change_is_found_by_its_new_words_only(
    model_server: Script, commit: Commit, work_off: Callable[[], list[Any]]
) -> None:
    resource = add("Zebra crossings", facets=["For pedestrians"])
    index()
    with commit():
        catalogue.upsert(
            {"url": resource.url, "title": "Okapi", "kind": "book", "facets": ["For drivers"]}
        )
        catalogue.queue_indexing([resource])
    work_off()
    assert found("okapi") == ["Okapi"]
    stored = list(DenseVector.objects.get().embedding)
    assert stored == pytest.approx(vector_of("Okapi\nFor drivers"), abs=1e-3)
    assert FacetVector.objects.get().facet.text == "For drivers"
    with connection.cursor() as cursor:
        cursor.execute("SELECT lexemes::text FROM resources_indexentry")
        (lexemes,) = cursor.fetchone()
    assert "zebra" not in lexemes


@pytest.mark.django_db
def test_a_withdrawn_resource_is_gone_before_any_worker_ran(model_server: Script) -> None:
    for status in (Status.ARCHIVED, Status.DRAFT, Status.REVIEW):
        resource = add(f"Zebra {status}")
        index()
        assert found("zebra") == [f"Zebra {status}"]
        catalogue.set_status([resource], status)
        assert found("zebra") == []
    index()
    assert not IndexEntry.objects.exists()


@pytest.mark.django_db
def test_a_deleted_resource_is_gone_with_all_that_was_made_of_it(
    model_server: Script, commit: Commit, work_off: Callable[[], list[Any]]
) -> None:
    resource = add("Zebra", facets=["One", "Two"])
    index()
    with commit():
        catalogue.delete([resource])
    assert found("zebra") == []
    work_off()
    assert versions.active_or_first().rows == 0
    for model in (IndexEntry, DenseVector, FacetVector, Facet):
        assert not model.objects.exists(), model


@pytest.mark.django_db
def test_a_resource_that_comes_back_is_found_again(model_server: Script) -> None:
    resource = add("Zebra")
    index()
    catalogue.set_status([resource], Status.ARCHIVED)
    index()
    catalogue.set_status([resource], Status.PUBLISHED)
    index()
    assert found("zebra") == ["Zebra"]


@pytest.mark.django_db
def test_a_task_delivered_twice_does_its_work_once(model_server: Script) -> None:
    resource = add("Zebra", facets=["One"])
    for _ in range(3):
        index_resources([resource.pk])
    assert embedded_texts(model_server).count("Zebra\nOne") == 1
    assert IndexEntry.objects.count() == DenseVector.objects.count() == 1
    assert versions.active_or_first().rows == 1


@pytest.mark.django_db
def test_a_task_for_what_was_deleted_meanwhile_does_nothing(model_server: Script) -> None:
    index_resources([123456])
    assert not IndexEntry.objects.exists()


@pytest.mark.django_db
def test_what_was_not_queued_is_found_by_the_schedule(model_server: Script) -> None:
    add("Zebra")
    index_lagging()
    assert found("zebra") == ["Zebra"]
    asked = len(model_server.calls)
    index_lagging()
    assert "/api/embed" not in model_server.paths()[asked:]


@pytest.mark.django_db
def test_without_the_model_server_nothing_is_half_stored(no_model_server: None) -> None:
    add("Zebra")
    index_lagging()
    with pytest.raises(ModelUnavailable):
        indexing.index_lagging(versions.active_or_first())
    assert not IndexEntry.objects.exists()


@pytest.mark.django_db
def test_without_its_vector_a_resource_is_found_by_its_words(model_server: Script) -> None:
    version = versions.active_or_first()
    add("Zebra", facets=["One"])
    model_server.status = 500
    with pytest.raises(ModelUnavailable):
        indexing.index_lagging(version)
    model_server.status = 200
    assert found("zebra") == ["Zebra"]
    assert indexing.lag(version) == 1, "and there is still something to do"
    index()
    assert DenseVector.objects.count() == 1


@pytest.mark.django_db
def test_a_batch_with_a_vector_too_few_is_not_stored(model_server: Script) -> None:
    version = versions.active_or_first()
    add("Zebra", facets=["One"])
    model_server.missing_vectors = 1
    with pytest.raises(ModelUnavailable):
        indexing.index_lagging(version)
    assert not DenseVector.objects.exists()
    assert not FacetVector.objects.exists()
    model_server.missing_vectors = 0
    index()
    assert found("zebra") == ["Zebra"]


@pytest.mark.django_db
def test_a_renamed_topic_is_searched_by_its_new_name(model_server: Script) -> None:
    add("Stripes", topics=["zebras"])
    index()
    catalogue.upsert_topic("zebras", "Okapis")
    index()
    assert found("okapis") == ["Stripes"]


def index_in_a_thread(server: Script, ids: list[int]) -> threading.Thread:
    """A worker that is held inside its call of the model."""
    server.reached.clear()
    server.gate.clear()

    def work() -> None:
        try:
            indexing.index_rows(versions.active_or_first(), items.RESOURCES, ids)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert server.reached.wait(5)
    return thread


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("what", ["changed", "withdrawn", "deleted"])
def test_what_happened_while_the_embedding_was_made_wins(model_server: Script, what: str) -> None:
    versions.active_or_first()
    resource = add("Zebra", facets=["One"])
    other = add("Okapi")
    thread = index_in_a_thread(model_server, [resource.pk, other.pk])
    if what == "changed":
        catalogue.upsert(
            {"url": resource.url, "title": "Quagga", "kind": "book", "facets": ["Two"]}
        )
    elif what == "withdrawn":
        catalogue.set_status([resource], Status.ARCHIVED)
    else:
        catalogue.delete([resource])
    model_server.gate.set()
    thread.join(10)
    assert not thread.is_alive()
    stored = DenseVector.objects.values_list("entry__resource__title", flat=True)
    assert list(stored) == ["Okapi"], "a vector of a text that is no more is not stored"
    index_resources([])  # what a deletion queues
    version = index()
    assert version.rows == (2 if what == "changed" else 1)
    assert found("zebra") == []
    assert found("quagga") == (["Quagga"] if what == "changed" else [])


@pytest.mark.usefixtures("committed_db")
def test_no_transaction_is_open_while_the_model_works(model_server: Script) -> None:
    versions.active_or_first()
    resource = add("Zebra")
    thread = index_in_a_thread(model_server, [resource.pk])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
        (waiting,) = cursor.fetchone()
    model_server.gate.set()
    thread.join(10)
    assert waiting == 0


@pytest.mark.usefixtures("committed_db")
def test_two_workers_at_the_same_resources_count_each_once(model_server: Script) -> None:
    versions.active_or_first()
    ids = [add(f"Zebra {n}").pk for n in range(5)]
    threads = [index_in_a_thread(model_server, ids) for _ in range(2)]
    model_server.gate.set()
    for thread in threads:
        thread.join(10)
    version = index()
    assert version.rows == IndexEntry.objects.count() == 5
