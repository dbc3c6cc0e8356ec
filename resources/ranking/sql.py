"""The statements of a search: one that looks at the question, one that finds and scores.

A leg finds candidates: the 200 best by words, by the vector, by the vectors of asks. The scores
of all candidates are exact, whichever leg found them; above `EXACT_ROWS` a leg may miss a candidate
(a graph, HNSW, is followed), never misjudge one. docs/how-retrieval-works.md has the figures.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resources.models.index import SPARSE_DIMENSIONS

LEG_DEPTH = 200
# Asks are several an entry: so many of the nearest for LEG_DEPTH entries.
ASKS_DEPTH = 800
ASKS_AN_ENTRY = 14  # as a rule
# Rows in scope up to which a scan of all of them is the quicker way, and exact.
EXACT_ROWS = 20_000
# So many may become allowed between looking at the question and finding.
MARGIN = 1_000


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
    # How many are, where they were counted and are few enough to be scanned.
    in_scope: int | None
    exact_rows: int
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


def look(version: int, allowed: str, whole: str) -> str:
    """The statement that `question` reads.

    *allowed* is a condition over the entry `e` and its resource `r`, *whole* one that says whether
    nothing else is in the version. Its parameters: those of *allowed*, `version`, `query` and
    `exact_rows`.
    """
    in_scope = f"""(
        SELECT count(*) FROM (SELECT {_entries(version, allowed)} LIMIT %(exact_rows)s + 1) a
    )"""
    asks_graph = graph_name("resources_facetvector", version)
    return f"""
    SELECT v.dimension, v.rows, g.whole, v.graph, g.asks,
           CASE WHEN g.whole THEN v.rows WHEN v.graph OR g.asks THEN {in_scope} ELSE 0 END,
           t.id, t.term, t.documents, t.count
    FROM resources_indexversion v
    CROSS JOIN (
        SELECT {whole} AS whole, EXISTS (
            SELECT FROM pg_index WHERE indexrelid = to_regclass('{asks_graph}') AND indisvalid
        ) AS asks
    ) g
    LEFT JOIN (
        SELECT l.id, l.term, f.documents, cardinality(asked.positions) AS count
        FROM unnest(to_tsvector('english', %(query)s)) AS asked
        JOIN resources_lexeme l ON l.term = asked.lexeme
        JOIN resources_documentfrequency f ON f.lexeme_id = l.id
        WHERE f.version_id = %(version)s
    ) t ON t.documents BETWEEN 1 AND v.rows
    WHERE v.id = %(version)s"""


# Whether a version holds nothing but resources, or nothing but chunks.
ONLY_RESOURCES, ONLY_CHUNKS = (
    f"NOT EXISTS (SELECT FROM resources_indexentry WHERE version_id = %(version)s"
    f" AND {other} IS NOT NULL)"
    for other in ("chunk_id", "resource_id")
)


def question(version: int, rows: Sequence[Any], exact_rows: int) -> Question | None:
    """From the *rows* that `look` gave; None where the version is gone."""
    if not rows:
        return None
    dimension, total, whole, graph, asks_graph, in_scope = rows[0][:6]
    counted = not whole and (graph or asks_graph)
    return Question(
        version=version,
        dimension=dimension,
        rows=total,
        terms=tuple(sorted((Term(*row[6:]) for row in rows if row[6]), key=lambda t: t.id)),
        whole=whole,
        in_scope=in_scope if counted and in_scope <= exact_rows else None,
        exact_rows=exact_rows,
        by_graph=graph and in_scope > exact_rows,
        asks_by_graph=asks_graph and in_scope * ASKS_AN_ENTRY > exact_rows,
    )


def find(question: Question, allowed: str, *, by_vector: bool, by_asks: bool) -> str:
    """The statement that finds candidates and scores them.

    Its parameters: those of *allowed*, `words` (`Question.sparse`) and `vector`.
    """
    rows = _entries(question.version, allowed)
    legs = {}
    if question.terms:
        legs["by_words"] = _words_leg(question, rows)
    if by_vector:
        legs["by_vector"] = _vector_leg(question, rows)
    if by_asks:
        legs["by_asks"] = _asks_leg(question, rows)
    # PostgreSQL's own guess of how many that are can be a hundred times too high (it takes every
    # entry to be of a resource): told the number, it does not read the whole version for a few.
    told = "" if question.in_scope is None else f"LIMIT {question.in_scope + MARGIN}"
    parts = {"asked": _ASKED}
    if not question.whole:
        parts["allowed"] = f"SELECT e.id {rows} {told}"
    if by_asks and not question.asks_by_graph:
        parts["nearest_ask"] = _nearest_asks(question)
    withs = ",".join(f"{name} AS ({part})" for name, part in (parts | legs).items())
    found = " UNION ".join(f"SELECT entry_id FROM {leg}" for leg in legs)
    joins = [f"FROM ({found}) found JOIN resources_indexentry e ON e.id = found.entry_id"]
    if question.whole:
        joins.append(f"JOIN (SELECT e.id {rows}) a ON a.id = e.id")
    cosine = words = ask = "NULL::float"
    if by_vector:
        cosine = "1 - (d.embedding <=> (SELECT vector FROM asked))"
        joins.append("LEFT JOIN resources_densevector d ON d.entry_id = e.id")
    if by_asks:
        ask = _BEST_ASK.format(version=question.version)
    if "nearest_ask" in parts:
        ask = "1 - k.distance"
        joins.append("LEFT JOIN nearest_ask k ON k.entry_id = e.id")
    if question.terms:
        words = "-(w.weights <#> (SELECT words FROM asked))"
        joins.append("LEFT JOIN resources_lexicalvector w ON w.entry_id = e.id")
    return f"""WITH {withs}
    SELECT e.id, e.resource_id, e.chunk_id, {cosine} AS dense, {ask} AS ask,
           coalesce({words}, 0) AS lexical
    {" ".join(joins)}"""


def _entries(version: int, allowed: str) -> str:
    """The entries that may be found."""
    # A join that nothing asks for would still keep PostgreSQL from reading the index alone.
    of_resources = re.search(r"\br\.", allowed)
    join = "LEFT JOIN resources_resource r ON r.id = e.resource_id" if of_resources else ""
    return f"""
    FROM resources_indexentry e {join}
    WHERE e.version_id = {version} AND {allowed}"""


# Named once: a vector is some thousand characters.
_ASKED = "SELECT %(vector)s::halfvec AS vector, %(words)s::sparsevec AS words"

_BEST_ASK = """(
        SELECT 1 - min(f.embedding <=> (SELECT vector FROM asked)) FROM resources_facetvector f
        WHERE f.entry_id = e.id AND f.version_id = {version} AND f.role = 'ask'
    )"""


def _words_leg(question: Question, rows: str) -> str:
    """The best by words, of all rows in scope: no index did it both well and quickly enough."""
    join, deep = "", LEG_DEPTH
    if question.by_graph and not question.whole:
        # More than `exact_rows` are allowed, so among these there are as a rule twice LEG_DEPTH.
        deep = 2 * LEG_DEPTH * (1 + question.rows // max(question.exact_rows, 1))
    elif not question.whole:
        join = "JOIN allowed a ON a.id = w.entry_id"
    # OFFSET 0: a row's score is worked out once, and what is sorted is narrow.
    best = f"""
    SELECT entry_id, distance FROM (
        SELECT w.entry_id, w.weights <#> (SELECT words FROM asked) AS distance
        FROM resources_lexicalvector w {join} WHERE w.version_id = {question.version} OFFSET 0
    ) w
    WHERE distance < 0 ORDER BY distance, entry_id LIMIT {deep}"""
    if deep == LEG_DEPTH:
        return best
    return f"""
    SELECT w.entry_id, w.distance FROM ({best}) w JOIN (SELECT e.id {rows}) a ON a.id = w.entry_id
    ORDER BY w.distance, w.entry_id LIMIT {LEG_DEPTH}"""


def _vector_leg(question: Question, rows: str) -> str:
    source, version = "resources_densevector d", f"WHERE d.version_id = {question.version}"
    if question.by_graph:
        distance = _indexed_distance("d", question)
        return f"""
    SELECT d.entry_id FROM {source} {_within("d", question, rows)} {version}
    ORDER BY {distance} LIMIT {LEG_DEPTH}"""
    join = "" if question.whole else "JOIN allowed a ON a.id = d.entry_id"
    return f"""
    SELECT entry_id FROM (
        SELECT d.entry_id, d.embedding <=> (SELECT vector FROM asked) AS distance
        FROM {source} {join} {version} OFFSET 0
    ) d
    ORDER BY distance, entry_id LIMIT {LEG_DEPTH}"""


def _asks_leg(question: Question, rows: str) -> str:
    if not question.asks_by_graph:
        return f"SELECT entry_id FROM nearest_ask ORDER BY distance, entry_id LIMIT {LEG_DEPTH}"
    distance = _indexed_distance("f", question)
    return f"""
    SELECT entry_id FROM (
        SELECT f.entry_id, {distance} AS distance
        FROM resources_facetvector f {_within("f", question, rows)}
        WHERE f.version_id = {question.version} AND f.role = 'ask'
        ORDER BY {distance} LIMIT {ASKS_DEPTH}
    ) f GROUP BY entry_id ORDER BY min(distance), entry_id LIMIT {LEG_DEPTH}"""


def _nearest_asks(question: Question) -> str:
    """By entry the distance of its nearest ask: for the leg, and for the score."""
    join = "" if question.whole else "JOIN allowed a ON a.id = f.entry_id"
    return f"""
    SELECT f.entry_id, min(f.embedding <=> (SELECT vector FROM asked)) AS distance
    FROM resources_facetvector f {join}
    WHERE f.version_id = {question.version} AND f.role = 'ask' GROUP BY f.entry_id"""


def _within(table: str, question: Question, rows: str) -> str:
    """The join by which a graph is followed until there are enough of what is allowed."""
    return "" if question.whole else f"JOIN (SELECT e.id {rows}) a ON a.id = {table}.entry_id"


def _indexed_distance(table: str, question: Question) -> str:
    """To the question's vector, in the very form in which it is indexed."""
    width = f"halfvec({question.dimension})"
    return f"({table}.embedding::{width}) <=> (SELECT vector FROM asked)"


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
