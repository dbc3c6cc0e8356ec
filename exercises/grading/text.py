"""An answer as what is compared: cleaned text, sentences, clauses, words and their stems."""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer

from exercises.grading import wordlists

# A stemmer works on a state of its own: threads that share one get each other's words.
_own = threading.local()
STEMS_KEPT = 20_000  # learners' words have no end
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*", re.UNICODE)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|[;\n]+\s*")
_SHORT_FORMS = (("e.g.", "for example"), ("i.e.", "that is"), ("etc.", "etc"), ("w.r.t.", "of"))
_CLAUSE = re.compile(
    r"[,:()\[\]—–]+\s*|\s-\s|(?<!\bnot)(?<!\bnor)\s+(?=(?:"
    + "|".join(sorted(wordlists.OPENERS))
    + r")\b)"
    r"|\s+(?=(?:and|or)\s+"
    r"(?:it|they|we|you|i|this|that|these|the|its|so|then|not|does|do|is|are)\b)",
    re.I,
)


def clean(text: str) -> str:
    """*text* without what a reader can't see or can't tell apart; lines and case stay.

    Compatibility forms are folded (NFKC), signs without width and marks over letters dropped,
    look-alikes from other alphabets within Latin words replaced, Markdown's signs removed.
    """
    text = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, "‘’ʼ`´"), "'"))
    text = "".join(
        c for c in unicodedata.normalize("NFKD", text)
        if unicodedata.category(c) not in ("Cf", "Mn", "Me", "Cc") or c in "\n\t"
    )  # fmt: skip
    text = re.sub(r"[^\W\d_]+", _latin, text)
    text = re.sub(r"\bno_(?=\w)", "no", text)  # a name such as no_grad denies nothing
    text = re.sub(r"(?<![^\W_])'+|'+(?![^\W_])|[*_#>|~`\"“”«»]+", " ", text)
    text = re.sub(r"\b(?:[^\W\d_] ){2,}[^\W\d_]\b", lambda m: m[0].replace(" ", ""), text)
    for short, whole in _SHORT_FORMS:
        text = re.sub(re.escape(short), whole, text, flags=re.I)
    return re.sub(r"[ \t]+", " ", text).strip()


def _latin(match: "re.Match[str]") -> str:
    word = match[0]
    if len(word) == 1:
        return wordlists.GREEK.get(word.lower(), word)
    if not any("a" <= c.lower() <= "z" for c in word) and not all(
        c in wordlists.LOOKALIKES for c in word
    ):
        return word  # a word of another language
    return "".join(wordlists.LOOKALIKES.get(c, c) for c in word)


def sentences(text: str) -> list[str]:
    """The sentences of *text* (clean), each with its closing sign."""
    return [part.strip() for part in _SENTENCE.split(text) if part and _WORD.search(part)]


def clauses(sentence: str) -> list[str]:
    """The parts of *sentence* that say something each: cut at commas and at words that join."""
    return [part.strip() for part in _CLAUSE.split(sentence) if part and _WORD.search(part)]


def words(text: str) -> list[str]:
    """The words of *text* (clean) in lower case; hyphens part them, but not after `non`."""
    text = re.sub(r"\b(non|un|anti|co|re)-(?=\w)", r"\1", text.lower())
    return _WORD.findall(text)


@lru_cache(STEMS_KEPT)
def stem(word: str) -> str:
    """What all forms of *word* have in common: number, tense, degree, spelling."""
    word = wordlists.NUMBERS.get(word, word).removesuffix("'s")
    word = wordlists.IRREGULAR.get(word, word)
    if degree := re.fullmatch(r"(\w+?)(?:er|est)", word):
        base = degree[1]
        for form in (base, base + "e", base[:-1], re.sub("i$", "y", base)):
            if form in wordlists.ADJECTIVES:
                word = form
                break
    word = re.sub(r"is(e|ed|es|ing|ation|ations|er|ers)$", r"iz\1", word)
    if not hasattr(_own, "english"):
        _own.english = snowballstemmer.stemmer("english")
    stemmed: str = _own.english.stemWord(word)
    return wordlists.IRREGULAR.get(stemmed, stemmed)


def stems(text: str) -> list[str]:
    """The stems of the words of *text* (clean), in order."""
    return [stem(word) for word in words(text)]


def is_content(word: str) -> bool:
    return word not in wordlists.FUNCTION or word in wordlists.TELLING


def content(text: str) -> set[str]:
    """The stems of the words of *text* that carry content."""
    return {stem(word) for word in words(text) if is_content(word)}


@dataclass(frozen=True)
class Scale:
    """Where a stem stands on a scale with two ends."""

    number: int
    high: bool


@cache
def _scales() -> dict[str, tuple[Scale, ...]]:
    found: dict[str, tuple[Scale, ...]] = {}
    for number, ends in enumerate(wordlists.SCALES):
        for high, names in ((True, ends[0]), (False, ends[1])):
            for name in names:
                found[stem(name)] = (*found.get(stem(name), ()), Scale(number, high))
    return found


def scales(stemmed: str) -> tuple[Scale, ...]:
    """The scales on which *stemmed* has a place."""
    return _scales().get(stemmed, ())


def opposites(one: str, other: str) -> bool:
    """Whether two stems are the two ends of one scale."""
    if one == other:
        return False
    return any(
        a.number == b.number and a.high != b.high for a in scales(one) for b in scales(other)
    )
