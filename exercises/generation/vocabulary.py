"""The terms that are worth asking for: those that the catalogue names, with their idf.

They are what learners ask about ("what is X", "X vs Y"), the names of topics and of works, headings
of documents, and word pairs of several summaries with the head of such a term ("weight decay",
since there is "learning rate decay").
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from exercises import wording
from exercises.generation.near import Near
from exercises.generation.text import listed, occurrences
from resources.models import Chunk, Facet, IndexVersion, Resource, Role, Status, Topic
from resources.rag.spelling import english

MOST_WORDS = 3
# A term of more of the index says little: "machine learning" stands in a fifth of the starter
# catalogue. A few rows are never too many.
MOST_ROWS, FEW_ROWS = 0.08, 3
NEIGHBOURS = 12
SAME_THING = 0.8  # cosine from which two terms may mean the same

_ASKED = (
    re.compile(r"^what (?:is|are) (?:an? |the )?(?P<term>.+)$"),
    re.compile(r"^(?P<term>.+?) explained(?: simply| visually)?$"),
    re.compile(r"^how do(?:es)? (?:an? |the )?(?P<term>.+?) work$"),
)
_VERSUS = re.compile(r" (?:vs\.?|versus) ")
_SMALL = listed(
    "a an the of in on for with by to from and or not what which who when why how your my "
    "really best good bad used using explained simply animated beginners practice overview "
    "basics steps versus about roles risks"
)
_NO_TERM = re.compile(r"[^a-z0-9\s'+.-]|^\d", re.I)
_NO_HEADS = listed(
    "book course page paper post code notebook tutorial library model set data system work "
    "example case way thing idea question answer app team developer engineer student people"
)
_EVERYDAY = listed(
    "all any both each every first second third last new own same several single few many "
    "more most other one two three four five six seven eight nine ten short long small large "
    "free online open large-scale hands-on real special its their his her this that these "
    "those between before into than then when where while without through using learns trains "
    "shows explains introduces describes proposes compares covers builds uses"
)
SPOKEN_OF = 3  # summaries
HELD_TOGETHER = 0.4  # normalised pointwise mutual information of a word pair
_TOKEN = re.compile(r"[^\W_]+(?:[-.'’+][^\W_]+|\+\+)*")


@dataclass(frozen=True)
class Term:
    text: str
    idf: float
    named: bool = True  # as a thing of its own, by learners, topics or titles


def mentions(term: str) -> int:
    """How many rows of the index hold all words of *term*."""
    version = IndexVersion.objects.active()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM resources_indexentry WHERE version_id = %s AND lexemes @@ "
            "plainto_tsquery('english', %s)",
            [version.pk if version else 0, term],
        )
        return int(cursor.fetchone()[0])


def key_of(text: str) -> str:
    """By which "decision trees" and "Decision Tree" are one."""
    return " ".join(wording.stem(word) for word in wording.words(wording.plain(text)))


@dataclass
class Vocabulary:
    """Terms by `key_of`, and which of them are neighbours by meaning."""

    terms: dict[str, Term]
    near: Near
    _ready: bool = field(default=False, init=False)

    def found_in(self, sentence: str) -> Iterator[tuple[Term, re.Match[str]]]:
        """The terms that stand once in *sentence*, the longest ones only, and where."""
        tokens = list(_TOKEN.finditer(sentence))
        taken: set[int] = set()
        for size in range(MOST_WORDS, 0, -1):
            for at in range(len(tokens) - size + 1):
                places = range(at, at + size)
                written = sentence[tokens[at].start() : tokens[at + size - 1].end()]
                term = self.terms.get(key_of(written))
                if term is None or taken & set(places) or not _in_a_row(written):
                    continue
                if tokens[at][0].lower() in wording.ARTICLES:
                    continue
                taken.update(places)
                places_of = occurrences(written, sentence)
                if len(places_of) == 1:
                    yield term, places_of[0]

    def neighbours(self, term: str) -> list[str]:
        """Other terms that are near in meaning to *term*; no forms of it, and no other names."""
        words = set(key_of(term).split())
        others = [
            known.text
            for key, known in self.terms.items()
            if known.named and not set(key.split()) & words
        ]
        ranked = self.near.ranked(term, others)
        apart = [text for text, cosine in ranked if cosine < SAME_THING]
        return [text for text in apart if not _initials(text, term)][:NEIGHBOURS]


def load(names: Iterable[str], near: Near) -> Vocabulary:
    """The vocabulary of the catalogue; *names* are those of its works."""
    version = IndexVersion.objects.active()
    asks = Facet.objects.filter(role=Role.ASK, resource__status=Status.PUBLISHED)
    texts = [term for ask in asks.values_list("text", flat=True) for term in asked_for(ask)]
    texts += [topic.name for topic in Topic.objects.all()]
    texts += list(names)
    named = [text for text in texts if is_term(text)]
    found = _spoken_of(named) + [text for text in _headings() if is_term(text)]
    wanted = {key_of(text): text for text in found + named}
    known = {key_of(text) for text in named}
    weights = _idf(version.pk if version else 0, list(wanted.values()))
    told = {k: text for k, text in wanted.items() if text in weights}
    return Vocabulary({k: Term(text, weights[text], k in known) for k, text in told.items()}, near)


def _headings() -> Iterator[str]:
    """The headings right above chunks: what a text has a section about."""
    rows = Chunk.objects.exclude(headings=[]).order_by().values_list("headings", flat=True)
    for headings in rows.distinct():
        yield headings[-1]


def rare_enough(terms: Iterable[str]) -> dict[str, Term]:
    """Those of *terms* that say something in this index, with their idf."""
    version = IndexVersion.objects.active()
    weights = _idf(version.pk if version else 0, list(terms))
    return {text: Term(text, idf) for text, idf in weights.items()}


def asked_for(ask: str) -> Iterator[str]:
    """What a learner's question asks about: "gcn vs gat" about two things."""
    ask = ask.strip().rstrip("?").strip().lower()
    if _VERSUS.search(ask):
        yield from (part.strip() for part in _VERSUS.split(ask))
        return
    for pattern in _ASKED:
        if match := pattern.match(ask):
            yield match["term"].strip()


def _spoken_of(known: Iterable[str]) -> list[str]:
    """What several summaries speak of, of the kind of the *known* terms.

    Normalised pointwise mutual information: Bouma (2009).
    """
    heads = {key_of(text).split()[-1] for text in known if " " in text} - _NO_HEADS
    counts: Counter[str] = Counter()
    summaries = Resource.objects.published().filter(language="en").values_list("summary", flat=True)
    total = 0
    for summary in summaries.iterator():
        counts.update(set(_phrases(summary)))
        total += 1
    return [
        text
        for text, n in counts.items()
        if n >= SPOKEN_OF
        and " " in text
        and key_of(text).split()[-1] in heads
        and _together(counts, text, n, total) >= HELD_TOGETHER
    ]


def _phrases(text: str) -> Iterator[str]:
    """Words and word pairs in lower case; names, which have capitals, are left out."""
    for part in re.split(r"[^\w\s'-]+", text):
        words = [word if re.fullmatch(r"[a-z][a-z-]+", word) else "" for word in part.split()]
        yield from filter(None, words)
        for one, other in zip(words, words[1:], strict=False):
            if one and other and not {one, other} & _SMALL and one not in _EVERYDAY:
                yield f"{one} {other}"


def _together(counts: Counter[str], pair: str, n: int, total: int) -> float:
    one, other = pair.split()
    return math.log(n * total / (counts[one] * counts[other])) / -math.log(n / total)


def is_term(text: str) -> bool:
    """Whether *text* is a name for one thing, and no everyday word."""
    words = text.lower().split()
    if not 1 <= len(words) <= MOST_WORDS or _SMALL & set(words) or _NO_TERM.search(text):
        return False
    if len(words) > 1:
        return all(len(word) > 1 for word in words)
    word = words[0]
    if not word.isalpha() or text[1:] != text[1:].lower():
        return len(word) > 2 and not word.isdigit()
    everyday = word in english().common or (len(word) < 6 and word in english())
    return len(word) > 2 and not everyday


def _in_a_row(written: str) -> bool:
    """No comma, bracket or end of a sentence inside."""
    return not re.search(r"[,;:()!?]|\.\s", written)


def _initials(one: str, other: str) -> bool:
    """Whether one is short for the other."""
    long, short = sorted((one, other), key=len, reverse=True)
    letters = "".join(word[0] for word in re.findall(r"[^\W\d_]+", long)).lower()
    return short.lower().rstrip("s") in (letters, letters.rstrip("s"))


def _idf(version: int, texts: list[str]) -> dict[str, float]:
    """The idf of the rarest word of each of *texts* that is rare enough (BM25's formula)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM resources_indexversion WHERE id = %s", [version])
        row = cursor.fetchone()
        cursor.execute(
            """
            SELECT given.term, min(coalesce(f.documents, 0))
            FROM unnest(%s::text[]) AS given(term)
            CROSS JOIN LATERAL unnest(to_tsvector('english', given.term)) t
            LEFT JOIN resources_lexeme l ON l.term = t.lexeme
            LEFT JOIN resources_documentfrequency f ON f.lexeme_id = l.id AND f.version_id = %s
            GROUP BY given.term
            """,
            [texts, version],
        )
        found = cursor.fetchall()
    rows = row[0] if row else 0
    most = min(rows, max(FEW_ROWS, MOST_ROWS * rows))
    return {term: math.log((rows - n + 0.5) / (n + 0.5) + 1) for term, n in found if n <= most}
