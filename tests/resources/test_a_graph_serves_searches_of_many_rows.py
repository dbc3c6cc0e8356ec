"""Above `exact_rows` a search follows the version's HNSW graph, and still returns all it should."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from pytest_django import DjangoDbBlocker

from resources.models import Document, IndexVersion, Level, Resource, Status
from resources.models.index import VersionState
from resources.rag import graph
from resources.ranking import Filters, Hit, Scope, search
from tests.resources import vectors
from tests.resources.vectors import WORDS, Made
from tests.stack import until

ROWS = 1000
EXACT = 20
DIMENSION = 24
QUERY = f"{WORDS[1]} {WORDS[30]}"


@pytest.fixture
def made(committed_db: None) -> Iterator[Made]:
    vectors.fill(resources=ROWS, chunks=200)
    yield vectors.index(DIMENSION)
    for version in IndexVersion.objects.all():
        graph.drop(version)
    Document.objects.all().delete()


def names(version: IndexVersion) -> set[tuple[str, bool]]:
    """The version's graphs, and whether each can be used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relname LIKE %s",
            [f"%\\_v{version.pk}\\_%"],
        )
        return set(cursor.fetchall())


def all_of(version: IndexVersion, valid: bool = True) -> set[tuple[str, bool]]:
    return {
        (f"resources_densevector_v{version.pk}_hnsw", valid),
        (f"resources_facetvector_v{version.pk}_hnsw", valid),
        (f"resources_lexicalvector_v{version.pk}_gin", valid),
    }


def found(made: Made, seed: int, exact_rows: int, *, limit: int = 10, **more: Any) -> list[Hit]:
    vector = vectors.unit(np.random.default_rng(seed), made.version.dimension)
    filters = more.pop("filters", Filters())
    return search(made.version.pk, QUERY, vector, filters, limit, exact_rows=exact_rows, **more)


def shares(made: Made, **more: Any) -> float:
    """Of the ten best of twenty questions, how many the graph finds too."""
    common = 0
    for seed in range(20):
        exact = {h.entry_id for h in found(made, seed, ROWS * 9, **more)}
        common += len(exact & {h.entry_id for h in found(made, seed, EXACT, **more)})
    return common / 200


def test_nearly_all_is_found(made: Made) -> None:
    assert graph.ensure(made.version, EXACT)
    assert names(made.version) == all_of(made.version)
    assert IndexVersion.objects.get().graph
    for scope in Scope:
        for ask_weight in (0.0, 0.5):
            assert shares(made, scope=scope, ask_weight=ask_weight) >= 0.97


def test_a_filter_leaves_as_many_as_are_asked_for(made: Made) -> None:
    graph.ensure(made.version, EXACT)
    narrow = Filters(level=Level.ADVANCED)
    within = sum(e.resource is not None and e.resource.level == Level.ADVANCED
                 for e in made.entries.values())  # fmt: skip
    assert within == 31, "three in a hundred"
    for seed in range(5):
        for ask_weight in (0.0, 0.5):
            hits = found(made, seed, EXACT, limit=25, filters=narrow, ask_weight=ask_weight)
            assert len(hits) == 25
            assert {made.entries[h.entry_id].resource.level for h in hits} == {Level.ADVANCED}


def test_scores_are_exact_whichever_leg_found_it(made: Made) -> None:
    graph.ensure(made.version, EXACT)
    for seed in range(5):
        exact = {h.entry_id: h for h in found(made, seed, ROWS * 9, limit=300, ask_weight=0.5)}
        for hit in found(made, seed, EXACT, ask_weight=0.5):
            wanted = exact[hit.entry_id]
            assert (hit.dense, hit.ask, hit.lexical) == pytest.approx(
                (wanted.dense, wanted.ask, wanted.lexical), abs=1e-6
            )


def test_duplicates_among_the_best_take_nobodys_place(made: Made) -> None:
    graph.ensure(made.version, EXACT)
    copies = [e.resource_id for e in made.entries.values() if e.resource_id and e.resource_id % 20]
    Resource.objects.filter(pk__in=copies).update(title="The same")
    hits = found(made, 1, EXACT, ask_weight=0.5)
    assert len({h.title for h in hits}) == 10


@pytest.mark.parametrize("scope", [Scope.RESOURCES, Scope.ALL])
def test_what_was_withdrawn_a_moment_ago_takes_nobodys_place(made: Made, scope: Scope) -> None:
    graph.ensure(made.version, EXACT)
    best = {h.resource_id for h in found(made, 1, EXACT, limit=50, scope=scope, ask_weight=0.5)}
    Resource.objects.filter(pk__in=best).update(status=Status.ARCHIVED)
    hits = found(made, 1, EXACT, scope=scope, ask_weight=0.5)
    assert len(hits) == 10
    assert not best & {h.resource_id for h in hits} - {None}


def test_the_plan_follows_the_graph(made: Made) -> None:
    graph.ensure(made.version, EXACT)
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("WITH"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        # So few rows would be scanned as quickly.
        cursor.execute("SET enable_sort = off; SET enable_seqscan = off")
        try:
            with connection.execute_wrapper(explain):
                found(made, 1, EXACT, scope=Scope.ALL, ask_weight=0.5)
        finally:
            cursor.execute("RESET enable_sort; RESET enable_seqscan")
    assert all(name in plans[0] for name, _ in all_of(made.version))


def test_a_build_that_is_killed_is_begun_again(
    made: Made, django_db_blocker: DjangoDbBlocker
) -> None:
    failed: list[BaseException] = []

    def build() -> None:
        with django_db_blocker.unblock():
            try:
                graph.ensure(made.version, EXACT)
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

    builder = threading.Thread(target=build)
    with transaction.atomic(), connection.cursor() as cursor:
        # A build waits for whoever has written to the table.
        cursor.execute("UPDATE resources_densevector SET content_hash = content_hash")
        builder.start()
        pid = until(lambda: _waiting(cursor), 20, "the build waits for this transaction")
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        builder.join(20)
        assert failed, "its connection is gone"
    assert {valid for _, valid in names(made.version)} == {False}
    assert len(found(made, 1, EXACT)) == 10, "searches scan meanwhile"
    assert graph.ensure(made.version, EXACT)
    assert names(made.version) == all_of(made.version)
    assert IndexVersion.objects.get().graph


def _waiting(cursor: Any) -> int | None:
    cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees what it saw first
    cursor.execute(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%%'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    row = cursor.fetchone()
    return row and row[0]


def test_while_another_builds_it_nobody_waits(
    made: Made, django_db_blocker: DjangoDbBlocker
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [graph.BUILDERS, made.version.pk])
        try:
            results: list[bool] = []

            def build() -> None:
                with django_db_blocker.unblock():
                    results.append(graph.ensure(made.version, EXACT))
                    connections.close_all()

            thread = threading.Thread(target=build)
            thread.start()
            thread.join(20)
        finally:
            cursor.execute("SELECT pg_advisory_unlock_all()")
    assert results == [False]
    assert names(made.version) == set()


def test_versions_of_different_width_side_by_side(made: Made) -> None:
    other = vectors.index(DIMENSION * 2, seed=9, state=VersionState.READY)
    for one in (made, other):
        assert graph.ensure(one.version, EXACT)
        assert names(one.version) == all_of(one.version)
    for one in (made, other):
        assert shares(one, scope=Scope.ALL, ask_weight=0.3) >= 0.97
        ids = {h.entry_id for h in found(one, 3, EXACT, scope=Scope.ALL)}
        assert ids <= set(one.entries)


def test_a_dropped_graph_leaves_the_others(made: Made) -> None:
    other = vectors.index(DIMENSION * 2, seed=9, state=VersionState.READY)
    for one in (made, other):
        graph.ensure(one.version, EXACT)
    graph.drop(made.version)
    assert names(made.version) == set()
    assert names(other.version) == all_of(other.version)
    assert not IndexVersion.objects.get(pk=made.version.pk).graph
    assert shares(made, scope=Scope.ALL) == 1, "searches scan again"


def test_new_rows_are_found_through_the_graph(made: Made) -> None:
    graph.ensure(made.version, EXACT)
    entry = next(e for e in made.entries.values() if e.resource_id)
    vector = vectors.unit(np.random.default_rng(77), DIMENSION)
    entry.dense.embedding = vector
    entry.dense.save()
    hits = search(made.version.pk, "unheard", vector, Filters(), 3, exact_rows=EXACT)
    assert hits[0].entry_id == entry.pk


@pytest.mark.django_db
def test_within_a_transaction_it_says_so() -> None:
    vectors.fill(resources=3, chunks=0)
    few = vectors.index(DIMENSION).version
    with pytest.raises(TransactionManagementError):
        graph.ensure(few, exact_rows=2)
    assert graph.ensure(few), "there is nothing to build"
