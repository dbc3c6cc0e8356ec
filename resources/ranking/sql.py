"""The statements of a search: one that looks at the question, one that finds and scores.

A leg finds candidates: the 200 best by words, by the vector, by the vectors of asks. The scores
of all candidates are exact, whichever leg found them; a leg that follows a graph (HNSW) may miss a
candidate, never misjudge one. docs/how-retrieval-works.md has the figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resources.models.index import SPARSE_DIMENSIONS

LEG_DEPTH = 200
# Asks are several an entry: so many of the nearest for LEG_DEPTH entries.
ASKS_DEPTH = 1_600
ASKS_AN_ENTRY = 14  # as a rule
# Rows in scope up to which a scan of all of them is the quicker way, and exact.
EXACT_ROWS = 20_000


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
    # More rows are in scope than are scanned, and there is a graph of them.
    by_graph: bool
    asks_by_graph: bool

    def idf(self, term: Term) -> float:
        """As Lucene's BM25 has it: never below zero."""
        return math.log(1 + (self.rows - term.documents + 0.5) / (term.documents + 0.5))

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


def look(version: int, allowed: str) -> str:
    """The statement that `question` reads; its parameters are those of *allowed*, `version`,
    `query` and `exact_rows`."""
    in_scope = """(
        SELECT count(*) FROM (
            SELECT FROM resources_indexentry e
            LEFT JOIN resources_resource r ON r.id = e.resource_id
            WHERE e.version_id = %(version)s AND {allowed} LIMIT %(exact_rows)s + 1
        ) AS allowed
    )""".replace("{allowed}", allowed)
    asks_graph = graph_name("resources_facetvector", version)
    return f"""
    SELECT v.dimension, v.rows, CASE WHEN v.graph OR g.valid THEN {in_scope} END,
           v.graph, g.valid, t.id, t.term, t.documents, t.count
    FROM resources_indexversion v
    CROSS JOIN (
        SELECT EXISTS (
            SELECT FROM pg_index WHERE indexrelid = to_regclass('{asks_graph}') AND indisvalid
        ) AS valid
    ) g
    LEFT JOIN (
        SELECT l.id, l.term, f.documents, cardinality(asked.positions) AS count
        FROM unnest(to_tsvector('english', %(query)s)) AS asked
        JOIN resources_lexeme l ON l.term = asked.lexeme
        JOIN resources_documentfrequency f ON f.lexeme_id = l.id
        WHERE f.version_id = %(version)s
    ) t ON t.documents BETWEEN 1 AND v.rows
    WHERE v.id = %(version)s"""


def question(version: int, rows: Sequence[Any], exact_rows: int) -> "Question | None":
    """From the *rows* that `look` gave."""
    if not rows:
        return None
    dimension, total, in_scope, graph, asks_graph = rows[0][:5]
    terms = [Term(*row[5:]) for row in rows if row[5] is not None]
    return Question(
        version=version,
        dimension=dimension,
        rows=total,
        terms=tuple(sorted(terms, key=lambda t: t.id)),
        by_graph=graph and in_scope > exact_rows,
        asks_by_graph=asks_graph and in_scope * ASKS_AN_ENTRY > exact_rows,
    )


def find(question: Question, allowed: str, *, by_vector: bool, by_asks: bool) -> str:
    """The statement that finds candidates and scores them.

    *allowed* is a condition over the entry `e` and its resource `r`. Its parameters: those of
    *allowed*, `words` (`Question.sparse`) and `vector`.
    """
    rows = _ENTRIES.format(version=question.version, allowed=allowed)
    parts = {}
    if not question.by_graph or (by_asks and not question.asks_by_graph):
        parts["allowed"] = f"SELECT e.id {rows}"
    if question.terms:
        parts["by_words"] = _words_leg(question, rows)
    if by_vector:
        parts["by_vector"] = _vector_leg(question, rows)
    if by_asks:
        parts["by_asks"] = _asks_leg(question, rows)
    withs = ",".join(f"{name} AS MATERIALIZED ({part})" for name, part in parts.items())
    found = " UNION ".join(f"SELECT entry_id FROM {leg}" for leg in parts if leg != "allowed")
    joins = [f"FROM ({found}) found JOIN resources_indexentry e ON e.id = found.entry_id"]
    cosine = words = facet = "NULL::float"
    if by_vector:
        cosine = "1 - (d.embedding <=> %(vector)s::halfvec)"
        joins.append("LEFT JOIN resources_densevector d ON d.entry_id = e.id")
    if by_asks:
        facet = _BEST_ASK.format(version=question.version)
    if question.terms:
        words = "-(w.weights <#> %(words)s::sparsevec)"
        joins.append("LEFT JOIN resources_lexicalvector w ON w.entry_id = e.id")
    return f"""WITH {withs}
    SELECT e.id, e.resource_id, e.chunk_id, {cosine} AS dense, {facet} AS facet,
           coalesce({words}, 0) AS lexical
    {" ".join(joins)}"""


# The entries that may be found.
_ENTRIES = """
    FROM resources_indexentry e LEFT JOIN resources_resource r ON r.id = e.resource_id
    WHERE e.version_id = {version} AND {allowed}"""

_BEST_ASK = """(
        SELECT 1 - min(f.embedding <=> %(vector)s::halfvec) FROM resources_facetvector f
        WHERE f.entry_id = e.id AND f.version_id = {version} AND f.role = 'ask'
    )"""


def _words_leg(question: Question, rows: str) -> str:
    """The best by words, of all rows: no index did it both well and quickly enough."""
    # OFFSET 0: the score of a row is worked out once, and what is sorted is narrow.
    scored = f"""(
        SELECT entry_id, weights <#> %(words)s::sparsevec AS score
        FROM resources_lexicalvector WHERE version_id = {question.version} OFFSET 0
    )"""
    if question.by_graph:
        source = f"{scored} w JOIN (SELECT e.id {rows}) a ON a.id = w.entry_id"
    else:
        source = f"""(
        SELECT w.entry_id, w.weights <#> %(words)s::sparsevec AS score
        FROM allowed a JOIN resources_lexicalvector w ON w.entry_id = a.id
        WHERE w.version_id = {question.version} OFFSET 0
    ) w"""
    return f"""
    SELECT w.entry_id FROM {source} WHERE w.score < 0
    ORDER BY w.score, w.entry_id LIMIT {LEG_DEPTH}"""


def _vector_leg(question: Question, rows: str) -> str:
    table = "resources_densevector d"
    if question.by_graph:
        source = f"{table} JOIN (SELECT e.id {rows}) a ON a.id = d.entry_id"
        order = _indexed_distance("d", question)
    else:
        source = f"allowed a JOIN {table} ON d.entry_id = a.id"
        order = "d.embedding <=> %(vector)s::halfvec, d.entry_id"
    return f"""
    SELECT d.entry_id FROM {source}
    WHERE d.version_id = {question.version} ORDER BY {order} LIMIT {LEG_DEPTH}"""


def _asks_leg(question: Question, rows: str) -> str:
    table = "resources_facetvector f"
    if question.asks_by_graph:
        distance = _indexed_distance("f", question)
        source = f"{table} JOIN (SELECT e.id {rows}) a ON a.id = f.entry_id"
        nearest = f"ORDER BY {distance} LIMIT {ASKS_DEPTH}"
    else:
        distance = "f.embedding <=> %(vector)s::halfvec"
        source = f"allowed a JOIN {table} ON f.entry_id = a.id"
        nearest = ""
    return f"""
    SELECT entry_id FROM (
        SELECT f.entry_id, {distance} AS distance FROM {source}
        WHERE f.version_id = {question.version} AND f.role = 'ask' {nearest}
    ) nearest
    GROUP BY entry_id ORDER BY min(distance), entry_id LIMIT {LEG_DEPTH}"""


def _indexed_distance(table: str, question: Question) -> str:
    """To the question's vector, in the very form in which it is indexed."""
    width = f"halfvec({question.dimension})"
    return f"({table}.embedding::{width}) <=> %(vector)s::{width}"


# Of those that are about to be shown: the title, and which of them are nearly the same.
TITLES = """
SELECT e.id, coalesce(r.title, o.title), ARRAY(
    SELECT b.entry_id FROM resources_densevector b
    WHERE b.entry_id = ANY(%(ids)s) AND b.entry_id <> e.id AND b.version_id = e.version_id
      AND b.embedding <=> a.embedding < %(distance)s
)
FROM resources_indexentry e
LEFT JOIN resources_densevector a ON a.entry_id = e.id
LEFT JOIN resources_resource r ON r.id = e.resource_id
LEFT JOIN resources_chunk c ON c.id = e.chunk_id
LEFT JOIN resources_document o ON o.id = c.document_id
WHERE e.id = ANY(%(ids)s)"""

# When no word matches and no vector is at hand: the newest, so that nobody is sent away empty.
ANYTHING = """
SELECT 0, r.id, NULL, NULL::float, NULL::float, 0::float, r.title
FROM resources_resource r
WHERE {allowed}
ORDER BY r.published_at DESC NULLS LAST, r.id
LIMIT %(limit)s"""
