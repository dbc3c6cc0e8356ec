"""The sentence or line of a document's chunk that is nearest to a query, by its words."""

import re
from collections.abc import Iterator, Sequence

from django.db import connection

from resources.models import Chunk
from resources.words import folded

LONGEST = 300  # characters
_FENCE = re.compile(r"\s*(```|~~~)")
# A line that does not go on with the one above: a heading, an item, a quote, a row of a table.
_BEGINS = re.compile(r"\s*(#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|>|\|)")
_LEADING = re.compile(r"^(?:#{1,6}\s+|[-*+]\s+|\d{1,3}[.)]\s+|>\s*)+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\W_a-z]|[\"'“(\[*`])|(?<=[。！？])")

# The words that the passage shares with the query, each by its idf.
_NEAREST = """
WITH terms AS (
    SELECT t.term,
           coalesce(ln(1 + (v.rows - f.documents + 0.5) / (f.documents + 0.5)), 1) AS weight
    FROM unnest(tsvector_to_array(to_tsvector('english', %(query)s))) AS t(term)
    LEFT JOIN resources_indexversion v ON v.id = %(version)s
    LEFT JOIN resources_lexeme l ON l.term = t.term
    LEFT JOIN resources_documentfrequency f
        ON f.lexeme_id = l.id AND f.version_id = v.id AND f.documents BETWEEN 1 AND v.rows
)
SELECT DISTINCT ON (given.chunk) given.chunk, given.position
FROM unnest(%(chunks)s::bigint[], %(positions)s::int[], %(texts)s::text[])
    AS given(chunk, position, text)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(terms.weight), 0) AS score
    FROM unnest(tsvector_to_array(to_tsvector('english', given.text))) AS w(term)
    JOIN terms ON terms.term = w.term
) s
ORDER BY given.chunk, s.score DESC, given.position"""


def nearest(chunks: Sequence[Chunk], query: str, version: int | None) -> dict[int, str]:
    """By chunk id the passage nearest to *query*; the first one where no word is common."""
    pieces = {chunk.pk: passages(chunk.content, chunk.headings) for chunk in chunks}
    rows = [(pk, n, text) for pk, texts in pieces.items() for n, text in enumerate(texts)]
    with connection.cursor() as cursor:
        cursor.execute(
            _NEAREST,
            {
                "query": folded(query),
                "version": version,
                "chunks": [pk for pk, _, _ in rows],
                "positions": [n for _, n, _ in rows],
                "texts": [folded(text) for _, _, text in rows],
            },
        )
        return {pk: pieces[pk][n] for pk, n in cursor.fetchall()}


def passages(content: str, headings: Sequence[str] = ()) -> list[str]:
    """The sentences of *content*, Markdown, and the lines of its lists and code blocks.

    None is longer than `LONGEST`. The *headings* are left out: they are shown beside it.
    """
    found = [
        short
        for block, is_code in _blocks(content)
        for piece in _sentences(block, is_code)
        for short in _short(piece.strip())
        if re.search(r"\w", short)
    ]
    return [piece for piece in found if piece not in headings] or found


def _blocks(content: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, their lines joined, and single lines; and whether they are code."""
    paragraph: list[str] = []
    in_code = False
    for line in content.splitlines():
        fence = _FENCE.match(line)
        if paragraph and (fence or in_code or not line.strip() or _BEGINS.match(line)):
            yield " ".join(paragraph), False
            paragraph = []
        if fence:
            in_code = not in_code
        elif in_code:
            yield line, True
        elif line.strip():
            paragraph.append(line.strip())
            if line.lstrip().startswith(("#", "|")):  # nothing goes on below it
                yield paragraph.pop(), False
    if paragraph:
        yield " ".join(paragraph), False


def _sentences(block: str, is_code: bool) -> list[str]:
    return [block] if is_code else _SENTENCE_END.split(_LEADING.sub("", block.strip()))


def _short(piece: str) -> Iterator[str]:
    while len(piece) > LONGEST:
        cut = piece.rfind(" ", LONGEST // 2, LONGEST + 1)
        cut = LONGEST if cut < 0 else cut  # some scripts have no blanks
        yield piece[:cut].strip()
        piece = piece[cut:].strip()
    if piece:
        yield piece
