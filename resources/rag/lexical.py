"""The words' side of the index: document frequencies and BM25 weights, all made in SQL.

Document frequencies follow every change; the average length, and with it each row's weights, is
frozen and made anew when a tenth of the index has changed.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from resources.models.index import SPARSE_DIMENSIONS

K1, B = 1.2, 0.75
STALE_SHARE = 0.1

_WEIGHTS = f"""
UPDATE resources_indexentry e SET lexical = w.vector
FROM (
    SELECT e.id,
        ('{{' || string_agg(
            l.id || ':' || (tf * ({K1} + 1)
                / (tf + {K1} * (1 - {B} + {B} * e.length / greatest(v.average_length, 1)))),
            ',') || '}}/{SPARSE_DIMENSIONS}')::sparsevec AS vector
    FROM resources_indexentry e
    JOIN resources_indexversion v ON v.id = e.version_id
    CROSS JOIN LATERAL (
        SELECT lexeme, cardinality(positions)::float AS tf FROM unnest(e.lexemes)
    ) t
    JOIN resources_lexeme l ON l.term = t.lexeme
    WHERE e.version_id = %(version)s AND (%(ids)s::bigint[] IS NULL OR e.id = ANY(%(ids)s))
    GROUP BY e.id
) w
WHERE w.id = e.id"""


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
        UPDATE resources_documentfrequency f SET documents = f.documents - c.n
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


def learn(version: int, words: dict[int, str]) -> None:
    """Store the *words* of entries (by id) in their rows, frequencies and weights."""
    if not words:
        return
    ids = list(words)
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
        ids=ids,
        words=list(words.values()),
    )
    _run(
        """
        INSERT INTO resources_lexeme (term)
        SELECT DISTINCT t.lexeme FROM resources_indexentry e CROSS JOIN LATERAL unnest(e.lexemes) t
        WHERE e.version_id = %(version)s AND e.id = ANY(%(ids)s)
          AND NOT EXISTS (SELECT FROM resources_lexeme l WHERE l.term = t.lexeme)
        ORDER BY 1
        ON CONFLICT DO NOTHING
        """,
        version=version,
        ids=ids,
    )
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
    _run(_WEIGHTS, version=version, ids=ids)


def refresh_if_stale(version: int) -> bool:
    """Make frequencies, average length and weights anew once a tenth of the rows has changed.

    Or when rows have gone without `forget`: a deleted resource takes its entry along.
    """
    with transaction.atomic():
        lock(version)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT changed_rows > %s * rows OR rows <> (
                    SELECT count(*) FROM resources_indexentry WHERE version_id = v.id
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
    _run(_WEIGHTS, version=version, ids=None)
