"""The statement that looks at the question: which words of it a version knows, and how much of the
version is in scope. That decides how `finding.py` goes about it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resources.models.index import SPARSE_DIMENSIONS

# Asks of a graph, several an entry: what it gives in one go (`hnsw.ef_search`).
ASKS_DEPTH = 100
ASKS_AN_ENTRY = 14  # as a rule
# A step along a graph takes as long as reading so many asks by their entries.
A_STEP = 20
# Rows in scope, or asks, up to which a scan of all of them is the quicker way, and exact.
EXACT_ROWS = 5_000
# Rows that the index of words is asked for at the least, and the share of a version.
LEAST_BY_INDEX, SHARE_BY_INDEX = 3_000, 16


@dataclass(frozen=True)
class Term:
    """A lexeme of the question that the version knows."""

    id: int
    text: str
    documents: int  # that hold it
    count: int  # in the question


@dataclass(frozen=True)
class Question:
    """What is looked for, and in how much of which version."""

    version: int
    dimension: int
    rows: int
    terms: tuple[Term, ...]
    # All of the version is in scope, but for what was withdrawn a moment ago: the legs take no
    # notice of that, and it is left out of what they found.
    whole: bool
    # No resource is left out by a filter: the asks' leg, which knows none but theirs, takes no
    # notice of the scope either.
    all_resources: bool
    # How many are, where they were counted and are few enough to be scanned.
    in_scope: int | None
    exact_rows: int
    # More rows are in scope than are scanned, and there is a graph of them.
    by_graph: bool
    asks_by_graph: bool
    # There is an index that finds the rows of a word.
    words_by_index: bool

    def idf(self, term: Term) -> float:
        """As Lucene's BM25 has it: never below zero."""
        return math.log(1 + (self.rows - term.documents + 0.5) / (term.documents + 0.5))

    def rarest(self) -> tuple[list[int], bool]:
        """The terms whose rows the index is asked for, the rarest first; whether these are all.

        Common words find no candidates, but they do count in the scores. At least one is asked for.
        """
        left = max(LEAST_BY_INDEX, self.rows // SHARE_BY_INDEX)
        asked: list[int] = []
        for term in sorted(self.terms, key=lambda t: (t.documents, t.id)):
            left -= term.documents
            if asked and left < 0:
                break
            asked.append(term.id)
        return asked, len(asked) == len(self.terms)

    @property
    def sparse(self) -> str | None:
        """The idf of each term, as often as it is asked, as pgvector reads it."""
        if not self.terms:
            return None
        pairs = ",".join(f"{t.id}:{t.count * self.idf(t):.7g}" for t in self.terms)
        return f"{{{pairs}}}/{SPARSE_DIMENSIONS}"


def graph_name(table: str, version: int) -> str:
    """The HNSW index over a *version*'s rows of *table*."""
    return f"{table}_v{version}_hnsw"


def words_name(version: int) -> str:
    """The GIN index over the lexemes of a *version*'s rows."""
    return f"resources_lexicalvector_v{version}_gin"


def look(version: int, allowed: str, whole: str) -> str:
    """The statement that `question` reads.

    *allowed* is a condition over the entry `e` and its resource `r`, *whole* one that says whether
    nothing else is in the version. Its parameters: those of *allowed*, `version`, `query` and
    `exact_rows`.
    """
    in_scope = f"""(
        SELECT count(*) FROM (SELECT {entries(version, allowed)} LIMIT %(exact_rows)s + 1) a
    )"""
    asks = _is_usable(graph_name("resources_facetvector", version))
    words = _is_usable(words_name(version))
    return f"""
    SELECT v.dimension, v.rows, g.whole, v.graph, g.asks, g.words,
           CASE WHEN g.whole THEN v.rows WHEN v.graph OR g.asks THEN {in_scope} ELSE 0 END,
           t.id, t.term, t.documents, t.count
    FROM resources_indexversion v
    CROSS JOIN (SELECT {whole} AS whole, {asks} AS asks, {words} AS words OFFSET 0) g
    LEFT JOIN (
        SELECT l.id, l.term, f.documents, cardinality(asked.positions) AS count
        FROM unnest(to_tsvector('english', %(query)s)) AS asked
        JOIN resources_lexeme l ON l.term = asked.lexeme
        JOIN resources_documentfrequency f ON f.lexeme_id = l.id
        WHERE f.version_id = %(version)s
    ) t ON t.documents BETWEEN 1 AND v.rows
    WHERE v.id = %(version)s"""


def _is_usable(index: str) -> str:
    return f"EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('{index}') AND indisvalid)"


# Whether a version holds nothing but resources, or nothing but chunks.
ONLY_RESOURCES, ONLY_CHUNKS = (
    f"NOT EXISTS (SELECT FROM resources_indexentry WHERE version_id = %(version)s"
    f" AND {other} IS NOT NULL)"
    for other in ("chunk_id", "resource_id")
)


def question(
    version: int, rows: Sequence[Any], exact_rows: int, *, all_resources: bool
) -> Question | None:
    """From the *rows* that `look` gave; None where the version is gone."""
    if not rows:
        return None
    dimension, total, whole, graph, asks_graph, words_index, in_scope = rows[0][:7]
    counted = not whole and (graph or asks_graph)
    return Question(
        version=version,
        dimension=dimension,
        rows=total,
        terms=tuple(sorted((Term(*row[7:]) for row in rows if row[7]), key=lambda t: t.id)),
        whole=whole,
        all_resources=all_resources,
        in_scope=in_scope if counted and in_scope <= exact_rows else None,
        exact_rows=exact_rows,
        by_graph=graph and in_scope > exact_rows,
        asks_by_graph=asks_graph and _is_graph_quicker(in_scope, total, exact_rows),
        words_by_index=words_index,
    )


def _is_graph_quicker(in_scope: int, rows: int, exact_rows: int) -> bool:
    """Whether a graph finds the nearest asks sooner than reading those of all *in_scope* does.

    It is followed until there are enough of what is allowed, past all that is not.
    """
    asks = in_scope * ASKS_AN_ENTRY
    steps = ASKS_DEPTH * rows / max(in_scope, 1)
    return in_scope > exact_rows or asks > max(exact_rows, A_STEP * steps)


def entries(version: int, allowed: str) -> str:
    """The entries that may be found."""
    # A join that nothing asks for would still keep PostgreSQL from reading the index alone.
    of_resources = re.search(r"\br\.", allowed)
    join = "LEFT JOIN resources_resource r ON r.id = e.resource_id" if of_resources else ""
    return f"""
    FROM resources_indexentry e {join}
    WHERE e.version_id = {version} AND {allowed}"""
