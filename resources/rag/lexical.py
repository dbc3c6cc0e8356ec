"""The words' side of the index: document frequencies and BM25 weights, all made in SQL.

Document frequencies follow every change; the average length, and with it each row's weights, is
frozen and made anew when a tenth of the index has changed. What changes a tenth at once (`is_bulk`)
leaves frequencies and weights to that refresh: 10,000 rows took 15 s less.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from resources.models.index import SPARSE_DIMENSIONS

K1, B = 1.2, 0.75
STALE_SHARE = 0.1

_WEIGHTS = f"""
INSERT INTO resources_lexicalvector (entry_id, version_id, weights)
SELECT e.id, e.version_id, (
    SELECT '{{' || coalesce(string_agg(
        -- Looked up one by one: a join here may read all lexemes for each entry.
        (SELECT l.id FROM resources_lexeme l WHERE l.term = t.lexeme)
        || ':' || (tf * ({K1} + 1)
            / (tf + {K1} * (1 - {B} + {B} * e.length / greatest(v.average_length, 1)))),
        ','), '') || '}}/{SPARSE_DIMENSIONS}'
    FROM (SELECT lexeme, cardinality(positions)::float AS tf FROM unnest(e.lexemes)) t
)::sparsevec
FROM resources_indexentry e
JOIN resources_indexversion v ON v.id = e.version_id
WHERE e.version_id = %(version)s AND (%(ids)s::bigint[] IS NULL OR e.id = ANY(%(ids)s))
ORDER BY e.id"""


def _run(sql: str, **params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def lock(version: int) -> None:
    """One writer a version until the transaction ends: the frequencies are sums."""
    # NO KEY: rows that only point at the version may be stored meanwhile.
    _run(
        "SELECT id FROM resources_indexversion WHERE id = %(version)s FOR NO KEY UPDATE",
        version=version,
    )


def forget(version: int, ids: Sequence[int]) -> None:
    """Take the words of the entries *ids* out of the frequencies, before they change."""
    _run(
        """
        UPDATE resources_documentfrequency f SET documents = greatest(f.documents - c.n, 0)
        FROM (
            SELECT l.id, count(*) AS n
            FROM resources_indexentry e
            CROSS JOIN LATERAL unnest(e.lexemes) t
            JOIN resources_lexeme l ON l.term = t.lexeme
            WHERE e.version_id = %(version)s AND e.id = ANY(%(ids)s)
            GROUP BY l.id
        ) c
        WHERE f.version_id = %(version)s AND f.lexeme_id = c.id
        """,
        version=version,
        ids=list(ids),
    )
    _run(
        """
        WITH known AS (
            SELECT count(*) AS n FROM resources_indexentry
            WHERE version_id = %(version)s AND id = ANY(%(ids)s)
        )
        UPDATE resources_indexversion v
        SET rows = v.rows - n, changed_rows = changed_rows + n FROM known WHERE v.id = %(version)s
        """,
        version=version,
        ids=list(ids),
    )


def is_bulk(version: int, changes: int) -> bool:
    """Whether so many *changes* make a refresh due by themselves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM resources_indexversion WHERE id = %s", [version])
        row = cursor.fetchone()
    return row is not None and changes > STALE_SHARE * (row[0] + changes)


def learn(version: int, words: dict[int, str], *, refresh_follows: bool = False) -> None:
    """Store the *words* of entries (by id) in their rows, frequencies and weights.

    Where a refresh follows, frequencies and weights are left to it. Should it not come, rows
    without weights make the next `refresh_if_stale` do it.
    """
    if not words:
        return
    ids = list(words)
    _store_lexemes(version, words)
    if not refresh_follows:
        _count(version, ids)
    _run(
        """
        UPDATE resources_indexversion v
        SET rows = v.rows + %(n)s, changed_rows = changed_rows + %(n)s,
            average_length = CASE WHEN average_length > 0 THEN average_length ELSE
                (SELECT avg(length) FROM resources_indexentry WHERE version_id = %(version)s) END
        WHERE v.id = %(version)s
        """,
        version=version,
        n=len(ids),
    )
    if not refresh_follows:
        _run(_WEIGHTS, version=version, ids=ids)


def _store_lexemes(version: int, words: dict[int, str]) -> None:
    _run(
        "DELETE FROM resources_lexicalvector WHERE entry_id = ANY(%(ids)s)",
        ids=list(words),
    )
    _run(
        """
        UPDATE resources_indexentry e
        SET lexemes = t.lexemes,
            length = (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(t.lexemes))
        FROM (
            SELECT id, to_tsvector('english', words) AS lexemes
            FROM unnest(%(ids)s::bigint[], %(words)s::text[]) AS given(id, words)
        ) t
        WHERE e.version_id = %(version)s AND e.id = t.id
        """,
        version=version,
        ids=list(words),
        words=list(words.values()),
    )


def _name_lexemes(version: int, ids: Sequence[int] | None) -> None:
    _run(
        """
        INSERT INTO resources_lexeme (term)
        SELECT DISTINCT t.lexeme FROM resources_indexentry e CROSS JOIN LATERAL unnest(e.lexemes) t
        WHERE e.version_id = %(version)s
          AND (%(ids)s::bigint[] IS NULL OR e.id = ANY(%(ids)s))
          AND NOT EXISTS (SELECT FROM resources_lexeme l WHERE l.term = t.lexeme)
        ORDER BY 1
        ON CONFLICT DO NOTHING
        """,
        version=version,
        ids=ids,
    )


def _count(version: int, ids: Sequence[int]) -> None:
    """Add the words of the entries *ids* to the frequencies."""
    _name_lexemes(version, ids)
    _run(
        """
        INSERT INTO resources_documentfrequency (version_id, lexeme_id, documents)
        SELECT %(version)s, l.id, count(*)
        FROM resources_indexentry e
        CROSS JOIN LATERAL unnest(e.lexemes) t
        JOIN resources_lexeme l ON l.term = t.lexeme
        WHERE e.version_id = %(version)s AND e.id = ANY(%(ids)s)
        GROUP BY l.id
        ON CONFLICT (version_id, lexeme_id)
        DO UPDATE SET documents = resources_documentfrequency.documents + excluded.documents
        """,
        version=version,
        ids=ids,
    )


def refresh_if_stale(version: int) -> bool:
    """Make frequencies, average length and weights anew once a tenth of the rows has changed.

    Or when rows have gone without `forget` (a deleted resource takes its entry along), or were
    left without weights by a bulk change that was broken off.
    """
    with transaction.atomic():
        lock(version)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT changed_rows > %s * rows OR rows <> (
                    SELECT count(*) FROM resources_indexentry WHERE version_id = v.id
                ) OR rows <> (
                    SELECT count(*) FROM resources_lexicalvector WHERE version_id = v.id
                ) FROM resources_indexversion v WHERE id = %s
                """,
                [STALE_SHARE, version],
            )
            row = cursor.fetchone()
        if row is None or not row[0]:
            return False
        _refresh(version)
    return True


def _refresh(version: int) -> None:
    _name_lexemes(version, None)
    _run("DELETE FROM resources_documentfrequency WHERE version_id = %(version)s", version=version)
    _run(
        """
        INSERT INTO resources_documentfrequency (version_id, lexeme_id, documents)
        SELECT %(version)s, l.id, count(*)
        FROM resources_indexentry e
        CROSS JOIN LATERAL unnest(e.lexemes) t
        JOIN resources_lexeme l ON l.term = t.lexeme
        WHERE e.version_id = %(version)s
        GROUP BY l.id
        """,
        version=version,
    )
    _run(
        """
        UPDATE resources_indexversion v SET rows = s.n, average_length = s.length, changed_rows = 0
        FROM (
            SELECT count(*) AS n, coalesce(avg(length), 0) AS length
            FROM resources_indexentry WHERE version_id = %(version)s
        ) s
        WHERE v.id = %(version)s
        """,
        version=version,
    )
    _run("DELETE FROM resources_lexicalvector WHERE version_id = %(version)s", version=version)
    _run(_WEIGHTS, version=version, ids=None)
