"""The statement that finds and scores what `looking.py` has looked for.

A leg finds candidates: the 200 best by words, by the vector, by the vectors of asks. The scores
of all candidates are exact, whichever leg found them; above `EXACT_ROWS` a leg may miss a candidate
(a graph, HNSW, is followed), never misjudge one. docs/how-retrieval-works.md has the figures.
"""

from collections.abc import Sequence

from resources.ranking.looking import ASKS_DEPTH, Question, entries

LEG_DEPTH = 200
# So many may become allowed between looking at the question and finding.
MARGIN = 1_000


def find(
    question: Question, allowed: str, *, by_vector: bool, by_asks: bool, best: int | None = None
) -> str:
    """The statement that finds candidates and scores them.

    Its parameters: those of *allowed*, `words` (`Question.sparse`), `vector`, and the weights
    `dense_weight` and `ask_weight`. Where words alone decide, or asks are found by a graph, only
    the *best* are given, and the few that combining scores needs beside them: see `_CUT`.
    """
    rows = entries(question.version, allowed)
    legs = _legs(question, rows, by_vector=by_vector, by_asks=by_asks, best=best)
    parts = {"asked": _ASKED}
    if not question.whole:
        # PostgreSQL's own guess of how many that are can be a hundred times too high (it takes
        # every entry to be of a resource): told the number, it does not read the whole version
        # for a few.
        told = "" if question.in_scope is None else f"LIMIT {question.in_scope + MARGIN}"
        parts["allowed"] = f"SELECT e.id {rows} {told}"
    if by_asks and not question.asks_by_graph:
        parts["nearest_ask"] = _nearest_asks(question)
    parts |= legs
    parts["found"] = _found(list(legs))
    ask, join = "found.ask", ""
    if "nearest_ask" in parts:
        ask, join = "1 - k.distance", "LEFT JOIN nearest_ask k ON k.entry_id = found.entry_id"
    cosine = _COSINE if by_vector else "NULL::float"
    words = f"coalesce({_WORDS}, 0)" if question.terms else "0::float"
    scores, source = f"{cosine} AS dense, {ask} AS ask, {words} AS lexical", f"found {join}"
    beyond = question.whole  # the legs have looked at more than is allowed
    if by_asks and question.asks_by_graph:
        parts["scored"] = f"SELECT found.entry_id, {scores} FROM found"
        parts |= {name: part.format(best=best or "ALL") for name, part in _CUT.items()}
        scores, source = _OF_KEPT.format(version=question.version), "kept found"
        beyond = beyond or question.all_resources
    withs = ",".join(f"{name} AS MATERIALIZED ({part})" for name, part in parts.items())
    return f"WITH {withs} {_shown(source, scores, rows if beyond else _ANY_ENTRY)}"


_ANY_ENTRY = "FROM resources_indexentry e WHERE true"


def _shown(source: str, scores: str, entry: str) -> str:
    """The entries that are in *source*, with their scores.

    OFFSET 0, and scores by subqueries: what was found is looked up row by row, where PostgreSQL
    would rather read all of the version.
    """
    return f"""
    SELECT e.id, e.resource_id, e.chunk_id, {scores}
    FROM {source} CROSS JOIN LATERAL (
        SELECT e.id, e.resource_id, e.chunk_id {entry} AND e.id = found.entry_id OFFSET 0
    ) e"""


def _found(legs: Sequence[str]) -> str:
    """The candidates, each with the scores of the legs that found it."""
    scores = {"by_words": "-distance", "by_vector": "1 - distance", "by_asks": "1 - distance"}
    found = []
    for leg in legs:
        given = ", ".join(s if name == leg else "NULL::float" for name, s in scores.items())
        found.append(f"SELECT entry_id, {given} FROM {leg}")
    return f"""
    SELECT entry_id, max(words) AS words, max(dense) AS dense, max(ask) AS ask
    FROM ({" UNION ALL ".join(found)}) f (entry_id, words, dense, ask) GROUP BY entry_id"""


def _legs(
    question: Question, rows: str, *, by_vector: bool, by_asks: bool, best: int | None
) -> dict[str, str]:
    legs = {}
    if question.terms:
        depth = LEG_DEPTH if by_vector else min(best or LEG_DEPTH, LEG_DEPTH)
        legs["by_words"] = _words_leg(question, rows, depth, alone=not by_vector)
    if by_vector:
        legs["by_vector"] = _vector_leg(question, rows)
    if by_asks:
        legs["by_asks"] = _asks_leg(question, rows)
    return legs


# Named once: a vector is some thousand characters.
_ASKED = "SELECT %(vector)s::halfvec AS vector, %(words)s::sparsevec AS words"

_COSINE = """coalesce(found.dense, (
        SELECT 1 - (d.embedding <=> (SELECT vector FROM asked)) FROM resources_densevector d
        WHERE d.entry_id = found.entry_id
    ))"""
_WORDS = """found.words, (
        SELECT -(w.weights <#> (SELECT words FROM asked)) FROM resources_lexicalvector w
        WHERE w.entry_id = found.entry_id
    )"""
# Reading the asks of all candidates takes longer than the rest of a search. Those that a graph
# has not found are no nearer than the farthest it has found: with that bound for their scores,
# only the best are kept, and their asks are read. Beside them what combining measures scores by:
# the lowest cosines and the most words.
_CUT = {
    "bounded": """
    SELECT s.*, dense + %(ask_weight)s * coalesce(
        ask - dense, greatest((SELECT 1 - max(distance) FROM by_asks) - dense, 0), 0
    ) AS cosine FROM scored s""",
    "span": """
    SELECT min(cosine) AS low, nullif(max(cosine) - min(cosine), 0) AS spread,
           nullif(max(lexical), 0) AS words FROM bounded""",
    "ranked": """
    SELECT b.*, coalesce(
        %(dense_weight)s * coalesce((cosine - low) / spread, 0)
        + (1 - %(dense_weight)s) * coalesce(lexical / words, 0), 0
    ) AS score FROM bounded b CROSS JOIN span""",
    "kept": """
    (SELECT * FROM ranked ORDER BY score DESC, entry_id LIMIT {best})
    UNION (SELECT * FROM ranked WHERE dense IS NOT NULL ORDER BY cosine, entry_id LIMIT 20)
    UNION (SELECT * FROM ranked WHERE dense IS NULL)
    UNION (SELECT * FROM ranked ORDER BY lexical DESC, entry_id LIMIT 1)""",
}
_OF_KEPT = """found.dense, (
        SELECT 1 - min(f.embedding <=> (SELECT vector FROM asked)) FROM resources_facetvector f
        WHERE f.entry_id = found.entry_id AND f.version_id = {version} AND f.role = 'ask'
    ), found.lexical"""


def _words_leg(question: Question, rows: str, depth: int, *, alone: bool) -> str:
    """The *depth* best by words: of all rows in scope, or of those that hold a rarer word.

    Where words *alone* decide, nothing is left out.
    """
    join, deep, within = "", depth, ""
    few = not (question.whole or question.by_graph)
    rarest, are_all = question.rarest()
    if question.words_by_index and not few and (are_all or not alone):
        within = f"AND lexeme_ids(w.weights) && '{{{','.join(map(str, rarest))}}}'::int[]"
    if question.by_graph and not question.whole:
        # More than `exact_rows` are allowed, so among these there are as a rule twice *depth*.
        deep = 2 * depth * (1 + question.rows // max(question.exact_rows, 1))
    elif not question.whole:
        join = "JOIN allowed a ON a.id = w.entry_id"
    # OFFSET 0: a row's score is worked out once, and what is sorted is narrow.
    best = f"""
    SELECT entry_id, distance FROM (
        SELECT w.entry_id, w.weights <#> (SELECT words FROM asked) AS distance
        FROM resources_lexicalvector w {join}
        WHERE w.version_id = {question.version} {within} OFFSET 0
    ) w
    WHERE distance < 0 ORDER BY distance, entry_id LIMIT {deep}"""
    if deep == depth:
        return best
    return f"""
    SELECT w.entry_id, w.distance FROM ({best}) w JOIN (SELECT e.id {rows}) a ON a.id = w.entry_id
    ORDER BY w.distance, w.entry_id LIMIT {depth}"""


def _vector_leg(question: Question, rows: str) -> str:
    source, version = "resources_densevector d", f"WHERE d.version_id = {question.version}"
    if question.by_graph:
        distance = _indexed_distance("d", question)
        return f"""
    SELECT d.entry_id, {distance} AS distance
    FROM {source} {_within("d", question, rows)} {version}
    ORDER BY {distance} LIMIT {LEG_DEPTH}"""
    join = "" if question.whole else "JOIN allowed a ON a.id = d.entry_id"
    return f"""
    SELECT entry_id, distance FROM (
        SELECT d.entry_id, d.embedding <=> (SELECT vector FROM asked) AS distance
        FROM {source} {join} {version} OFFSET 0
    ) d
    ORDER BY distance, entry_id LIMIT {LEG_DEPTH}"""


def _asks_leg(question: Question, rows: str) -> str:
    if not question.asks_by_graph:
        return f"""
    SELECT entry_id, distance FROM nearest_ask ORDER BY distance, entry_id LIMIT {LEG_DEPTH}"""
    distance = _indexed_distance("f", question)
    within = "" if question.all_resources else _within("f", question, rows)
    return f"""
    SELECT entry_id, min(distance) AS distance FROM (
        SELECT f.entry_id, {distance} AS distance
        FROM resources_facetvector f {within}
        WHERE f.version_id = {question.version} AND f.role = 'ask'
        ORDER BY {distance} LIMIT {ASKS_DEPTH}
    ) f GROUP BY entry_id ORDER BY 2, entry_id LIMIT {LEG_DEPTH}"""


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
