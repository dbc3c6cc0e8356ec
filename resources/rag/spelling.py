"""Typing errors: words that nobody knows become the nearest word of the index, or of English.

A word is left alone when an English word list or the index has it: "nurse" is not "curse", and
LSTM or PyTorch are words where they are taught. Measured in docs/how-retrieval-works.md.
"""

import gzip
import re
import threading
import time
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from string import ascii_lowercase
from zlib import crc32

from django.db import connection

from resources.models import Chunk, Facet, Resource, Topic
from resources.words import folded

SHORTEST = 5  # letters; shorter words have too many neighbours
# Two errors are believed in words of so many letters, if so many texts hold the word meant.
TWO_ERRORS_FROM = 8
BELIEVED_FROM = 3
# English words that the index does not have are offered only if they are long and common: the
# list counts from 10^5 to 10^10, about 6,000 words are above.
LONG = 6
COMMON = 5_000_000
RELOAD_S = 600.0
MOST_KEPT = 2  # the active version, and one that it is compared with

# No part of a name such as GPT4, `sk-learn2` or fast.ai.
_WORD = re.compile(r"(?<![\w.])[^\W\d_]+(?!\w|\.\w)")
_ENDINGS = ("s", "es", "d", "ed", "r", "er", "rs", "ers", "ing", "ly")


@dataclass(frozen=True)
class English:
    """Which words there are, and those that are offered as a correction, with their frequency."""

    checksums: "array[int]"  # sorted CRC-32s: a tenth of the memory of a set of strings
    common: Mapping[str, int]

    def __contains__(self, word: str) -> bool:
        checksum = crc32(word.encode())
        at = bisect_left(self.checksums, checksum)
        return at < len(self.checksums) and self.checksums[at] == checksum


@cache
def english() -> English:
    """English as two packages list it: one knows British spellings better, one American ones."""
    checksums = array("I")
    common = {}
    british = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    for line in british.read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        checksums.append(crc32(word.encode()))
        if int(count) >= COMMON and len(word) >= LONG:
            common[word] = int(count)
    american = files("spellchecker") / "resources" / "en.json.gz"  # {"word": count, ...}
    words = re.finditer(rb'"([^"]+)":', gzip.decompress(american.read_bytes()))
    checksums.extend(crc32(match[1]) for match in words)
    return English(array("I", sorted(checksums)), common)


class Speller:
    """Finds what was meant, by *words* (English) and the index's *own*, by how many texts hold it.

    An error is a letter too many, too few, another one, or two neighbours swapped.
    """

    def __init__(self, words: English, own: Mapping[str, int]) -> None:
        self._english = words
        self._own = own
        self._alike: dict[tuple[str, int], list[str]] = {}
        for word, texts in own.items():
            if texts >= BELIEVED_FROM and len(word) >= TWO_ERRORS_FROM - 2:
                self._alike.setdefault((word[:2], len(word)), []).append(word)

    def corrections(self, query: str) -> dict[str, str]:
        """What is meant, by each word of *query* that nobody knows and that is near enough to one
        that is known."""
        found = {}
        for match in _WORD.finditer(query):
            written = match[0]
            # Capitals are names': Kaldi, PyTorch, LSTM. The first word's says nothing.
            if written[match.start() == 0 :].islower() and (meant := self._meant(written)):
                found[written] = meant.capitalize() if written[0].isupper() else meant
        return found

    def _meant(self, written: str) -> str:
        word = folded(written).lower()
        if len(word) < SHORTEST or self._knows(word):
            return ""
        return self._one_error(word) or self._two_errors(word)

    def _knows(self, word: str) -> bool:
        stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        forms = [word, *stems, *(stem + "e" for stem in stems)]
        return any(form in self._own or form in self._english for form in forms)

    def _one_error(self, word: str) -> str:
        edits = _edits(word)
        for known in (self._own, self._english.common):
            if found := [edit for edit in edits if edit in known]:
                return max(found, key=lambda w: (known[w], w))
        return ""

    def _two_errors(self, word: str) -> str:
        """Of the index's own words that begin with the same two letters, the most frequent."""
        if len(word) < TWO_ERRORS_FROM:
            return ""
        found = [
            (self._own[other], other)
            for length in range(len(word) - 2, len(word) + 3)
            for other in self._alike.get((word[:2], length), ())
            if not (word.startswith(other) or word.endswith(other))  # a name made of it
            and distance(word, other, 2) <= 2
        ]
        return max(found)[1] if found else ""


def _edits(word: str) -> set[str]:
    """What *word* was before one error; its first letter, rarely wrong, was at most swapped."""
    parts = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    dropped = {a + b[1:] for a, b in parts if b}
    replaced = {a + c + b[1:] for a, b in parts if b for c in ascii_lowercase}
    inserted = {a + c + b for a, b in parts for c in ascii_lowercase}
    pairs = range(len(word) - 1)
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in pairs}
    return dropped | replaced | inserted | swapped


def distance(a: str, b: str, most: int) -> int:
    """Errors between *a* and *b* (optimal string alignment); *most* + 1 where there are more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, previous = previous, row
    return min(previous[-1], most + 1)


def words_of(texts: Iterable[str]) -> dict[str, int]:
    """By word, in lower case and without accents, in how many of *texts* it occurs."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word.lower() for word in _WORD.findall(folded(text))})
    return dict(counts)


def _texts() -> Iterator[str]:
    """All that the index is made from."""
    for resource in Resource.objects.published().values("title", "summary", "authors").iterator():
        authors = " ".join(resource["authors"])
        yield f"{resource['title']}\n{resource['summary']}\n{authors}"
    yield from Facet.objects.values_list("text", flat=True).iterator()
    yield from Topic.objects.values_list("name", flat=True)
    yield from Chunk.objects.values_list("content", flat=True).iterator()


@dataclass
class _Kept:
    speller: Speller
    at: float
    reading: threading.Lock = field(default_factory=threading.Lock)


class _Spellers:
    """The spellers of the versions last used; what other processes change is seen in a while."""

    def __init__(self) -> None:
        self._by_version: dict[int, _Kept] = {}

    def of(self, version: int) -> Speller:
        kept = self._by_version.get(version)
        if kept is None:
            kept = _Kept(_read(), time.monotonic())
            newest = [*self._by_version.items(), (version, kept)][-MOST_KEPT:]
            self._by_version = dict(newest)
        elif time.monotonic() - kept.at > RELOAD_S and kept.reading.acquire(blocking=False):
            kept.at = time.monotonic()
            threading.Thread(target=self._reread, args=[kept], daemon=True).start()
        return kept.speller

    def _reread(self, kept: _Kept) -> None:
        try:
            kept.speller = _read()
        finally:
            connection.close()
            kept.reading.release()


def _read() -> Speller:
    return Speller(english(), words_of(_texts()))


_spellers = _Spellers()


def corrected(version: int, query: str) -> str:
    """*query* with its typing errors mended, or as it is.

    The first call for a *version* reads all texts, which takes a second for 10,000.
    """
    found = _spellers.of(version).corrections(query)
    for word in _in_index(version, list(found)):
        del found[word]  # new since the texts were read, or another form of what they hold
    return _WORD.sub(lambda match: found.get(match[0], match[0]), query) if found else query


def _in_index(version: int, words: list[str]) -> list[str]:
    if not words:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT word FROM unnest(%(words)s::text[], %(folded)s::text[]) AS given(word, folded)
            WHERE EXISTS (
                SELECT FROM unnest(tsvector_to_array(to_tsvector('english', folded))) AS t(term)
                JOIN resources_lexeme l ON l.term = t.term
                JOIN resources_documentfrequency f ON f.lexeme_id = l.id
                WHERE f.version_id = %(version)s AND f.documents > 0
            )
            """,
            {"words": words, "folded": [folded(word) for word in words], "version": version},
        )
        return [word for (word,) in cursor.fetchall()]
