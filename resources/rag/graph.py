"""Indexes of a version of their own, where a scan of all its rows would take too long.

Graphs (HNSW) over its vectors and those of asks, and lists of the rows of each word (GIN).

Malkov & Yashunin, Efficient and robust approximate nearest neighbor search using Hierarchical
Navigable Small World graphs (2016), https://arxiv.org/abs/1603.09320. Searching goes on while one
is built; a build that is broken off leaves an invalid index, which nothing uses and the next
`ensure` replaces.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection
from django.db.transaction import TransactionManagementError

from resources.models import IndexVersion
from resources.ranking.looking import EXACT_ROWS, graph_name, words_name

logger = logging.getLogger(__name__)

VECTORS, FACETS = "resources_densevector", "resources_facetvector"
WORDS = "resources_lexicalvector"
# Of the facets only learners' questions are searched.
IN_GRAPH = {VECTORS: "", FACETS: " AND role = 'ask'", WORDS: ""}
# pgvector's bound for an HNSW index over `halfvec`; wider vectors are scanned.
WIDEST = 4_000
PENDING_KB = 1024
# A build waits for transactions that began before it; whoever holds one open must not stop it.
LOCK_TIMEOUT = "60s"
LEAST_MEMORY_MB, MOST_MEMORY_MB = 64, 1024
# First key of the advisory locks: one process builds the graphs of a version.
BUILDERS = 7_103


def ensure(version: IndexVersion, exact_rows: int = EXACT_ROWS) -> bool:
    """Build what indexes *version* lacks, for more than *exact_rows* rows; if all are there.

    Takes about a minute and a half for 100,000 vectors. False where another process builds them,
    or a transaction elsewhere has stayed open for a minute: then searches scan, and this may be
    called again. Must not be called within a transaction.
    """
    wanted = [table for table in IN_GRAPH if _rows(table, version) > exact_rows]
    if version.dimension > WIDEST:
        wanted = [table for table in wanted if table == WORDS]
    if not wanted:
        return True
    if connection.in_atomic_block:
        raise TransactionManagementError("a graph can't be built within a transaction")
    with _only_builder(version) as alone:
        built = alone and all(_build(table, version) for table in wanted)
    _note(version)
    return built


def drop(version: IndexVersion) -> None:
    """Drop the indexes of *version*. Must not be called within a transaction."""
    IndexVersion.objects.filter(pk=version.pk).update(graph=False)
    version.graph = False
    names = [_name(table, version) for table in IN_GRAPH]
    there = [name for name in names if _value("SELECT to_regclass(%s)", name)]
    if there:
        with _session(LEAST_MEMORY_MB):
            for name in there:
                _run(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _name(table: str, version: IndexVersion) -> str:
    return words_name(version.pk) if table == WORDS else graph_name(table, version.pk)


def _build(table: str, version: IndexVersion) -> bool:
    name = _name(table, version)
    if _is_valid(name):
        if table == WORDS:  # what was written lately lies in a list that every search reads
            _run("SELECT gin_clean_pending_list(%s)", name)
        return True
    using = f"hnsw ((embedding::halfvec({version.dimension})) halfvec_cosine_ops)"
    if table == WORDS:
        # Without such a list a refresh of all weights took twice as long.
        using = f"gin (lexeme_ids(weights)) WITH (gin_pending_list_limit = {PENDING_KB})"
    try:
        with _session(_memory_mb(_rows(table, version), version.dimension)):
            _run(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            _run(
                f"CREATE INDEX CONCURRENTLY {name} ON {table} USING {using}"
                f" WHERE version_id = {version.pk}{IN_GRAPH[table]}"
            )
            _run(f"ANALYZE {table}")
    except OperationalError as error:
        logger.warning("the index %s is not built, searches scan meanwhile: %s", name, error)
        return False
    return True


def _memory_mb(rows: int, dimension: int) -> int:
    """What the graph takes: built outside of the memory it is given, it takes many times longer."""
    needed = rows * (2 * dimension + 500) // 1_000_000
    return min(max(needed, LEAST_MEMORY_MB), MOST_MEMORY_MB)


@contextmanager
def _session(memory_mb: int) -> Iterator[None]:
    given = {
        "lock_timeout": LOCK_TIMEOUT,
        "maintenance_work_mem": f"{memory_mb}MB",
        # Helpers would share that memory in /dev/shm, of which a container has 64 MB, and take
        # both cores from those who search.
        "max_parallel_maintenance_workers": "0",
    }
    for name, value in given.items():
        _run(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        if connection.is_usable():
            for name in given:
                _run(f"RESET {name}")


@contextmanager
def _only_builder(version: IndexVersion) -> Iterator[bool]:
    """Whether nobody else builds the graphs of *version*; the lock goes with the connection."""
    alone = bool(_value("SELECT pg_try_advisory_lock(%s, %s)", BUILDERS, version.pk))
    try:
        yield alone
    finally:
        if alone and connection.is_usable():
            _run("SELECT pg_advisory_unlock(%s, %s)", BUILDERS, version.pk)


def _note(version: IndexVersion) -> None:
    version.graph = _is_valid(graph_name(VECTORS, version.pk))
    IndexVersion.objects.filter(pk=version.pk).update(graph=version.graph)


def _rows(table: str, version: IndexVersion) -> int:
    within = f"version_id = %s{IN_GRAPH[table]}"
    return int(_value(f"SELECT count(*) FROM {table} WHERE {within}", version.pk))


def _is_valid(name: str) -> bool:
    return bool(_value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name))


def _run(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


def _value(statement: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return row and row[0]
