"""Which words of a text match a query, by the same stems as BM25.

A range is [start, end) in code points of the text as it is shown. There is no markup in the text,
so a website escapes what it shows as it always does, and marks what the ranges say.
"""

from collections.abc import Sequence

from django.db import connection

from resources.words import end_of_character, folded, folding

Range = list[int]
# Private use: what a text has of these two is seen as a blank.
START, STOP = "\ue000", "\ue001"
_BLANKED = str.maketrans(START + STOP, "  ")
_OPTIONS = f'StartSel="{START}", StopSel="{STOP}", HighlightAll=true'

# Any of the query's lexemes; NULL where it has stop words only, and then nothing is marked.
_HEADLINES = r"""
WITH question AS (
    SELECT string_agg(
        '''' || replace(replace(term, '\', '\\'), '''', '''''') || '''', ' | '
    )::tsquery AS any_word
    FROM unnest(tsvector_to_array(to_tsvector('english', %(query)s))) AS t(term)
)
SELECT coalesce(ts_headline('english', given.text, q.any_word, %(options)s), '')
FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS given(text, position)
CROSS JOIN question q
ORDER BY given.position"""


def ranges(texts: Sequence[str], query: str) -> list[list[Range]]:
    """For each of *texts* the ranges of the words that match *query*, in order, none overlapping.

    Accents count as little as in the search: "Geron" marks "Gerón".
    """
    if not texts:
        return []
    foldings = [folding(text) for text in texts]
    looked_at = [plain.translate(_BLANKED) for plain, _ in foldings]
    with connection.cursor() as cursor:
        cursor.execute(
            _HEADLINES, {"query": folded(query), "options": _OPTIONS, "texts": looked_at}
        )
        marked = [str(row[0]) for row in cursor.fetchall()]
    return [
        _in_original(text, positions, _marks(headline, plain))
        for text, (_, positions), headline, plain in zip(
            texts, foldings, marked, looked_at, strict=True
        )
    ]


def _marks(headline: str, text: str) -> list[tuple[int, int]]:
    """The ranges between the marks; none where PostgreSQL has changed the *text* itself."""
    if headline.translate({ord(START): None, ord(STOP): None}) != text:
        return []  # a word of more than 2 kB, for one
    found, start, position = [], 0, 0
    for character in headline:
        if character == START:
            start = position
        elif character == STOP:
            found.append((start, position))
        else:
            position += 1
    return found


def _in_original(text: str, positions: list[int], marks: list[tuple[int, int]]) -> list[Range]:
    found: list[Range] = []
    for start, end in marks:
        first = max(positions[start], found[-1][1] if found else 0)
        last = end_of_character(text, positions[end - 1])
        if first < last:
            found.append([first, last])
    return found
