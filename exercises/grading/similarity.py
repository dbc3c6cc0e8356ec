"""A score for an answer where there is no rubric: how like the reference it is.

What counts is how many of the reference's telling words the answer has, by their likeness (a word's
nearest word in the answer counts for what it is worth, one of the question for nothing), how
near the reference's clauses are to the answer's, the whole to the whole, and how much is said. What
denies the reference is discounted. The weights were fitted on the first half of the judged answers
in tests/exercises/short_answers.jsonl (`make bench-grading`) and rounded.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exercises.grading import meaning, rarity, screening
from exercises.grading import text as texts
from exercises.grading.meaning import Vector, cosine
from exercises.grading.negation import Sentence, Word, read
from learning_assistant import ollama

# Of the words, the clauses, the whole and the length, and what an answer has to begin with.
BY_MEANING = (0.40, 0.20, 0.10, 0.35, 0.05)
BY_WORDS = (0.55, 0.40, 0.10)  # the words, the length
LIKE_FROM = 0.3  # cosine of two words from which they are somewhat alike
# From where on denied words count, and where they count in full.
DENIED = (0.3, 0.7)
NAMED = (0.2, 0.45)  # denying what is hardly named says little
TURNED = (0.6, 0.9)
MOST_PARTS = 16


@dataclass(frozen=True)
class Features:
    """Each from 0 to 1; what needs the embedding model is None without it."""

    named: float  # the reference's words that are in the answer, by weight, less the question's
    words: float | None  # the same by likeness
    clauses: float | None  # mean over the reference's clauses of the nearest one of the answer
    whole: float | None  # cosine of the two texts
    length: float  # of the answer over the reference's, at most 1
    denied: float  # of the words in common, those that one denies and the other does not
    turned: float  # of the answer's words, those in denied clauses, less the reference's


@dataclass(frozen=True)
class Score:
    share: float  # 0 to 1
    by: str  # words, meaning
    features: Features


def score(question: str, reference: str, answer: str, *, seconds: float = 5.0) -> Score:
    """How much of *reference* is in *answer*; by its words alone without the model server."""
    found = features(question, reference, answer, seconds)
    if not found.length:
        return Score(0.0, "words", found)
    if found.words is None or found.clauses is None or found.whole is None:
        words, length, base = BY_WORDS
        likeness = base + words * found.named + length * found.length
        by = "words"
    else:
        words, clauses, whole, length, base = BY_MEANING
        likeness = base + words * found.words + clauses * found.clauses
        likeness += whole * found.whole + length * found.length
        by = "meaning"
    return Score(_clamped(likeness) * (1.0 - _denial(found)), by, found)


def _denial(found: Features) -> float:
    """How much of the score is lost for denying the reference, 0 to 1."""
    aligned = _ramp(found.denied, DENIED) * _ramp(found.named, NAMED)
    return max(aligned, _ramp(found.turned, TURNED))


def _ramp(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return _clamped((value - low) / (high - low))


def _clamped(value: float) -> float:
    return max(0.0, min(1.0, value))


def features(question: str, reference: str, answer: str, seconds: float) -> Features:
    """What is looked at, of one answer. An answer in which nothing counts has no length."""
    key = read(texts.clean(reference))
    said = list(screening.screened(answer, question, [reference]).statements)
    asked = set(texts.stems(texts.clean(question)))
    wanted = {word.stem: word.word for word in _words(key)}
    wanted = {stem: word for stem, word in wanted.items() if stem not in asked} or wanted
    given = {word.stem: word.word for word in _words(said)}
    near = _nearness(key, said, wanted, given, seconds) if said else None
    return Features(
        named=_share(wanted, dict.fromkeys(given, 1.0)),
        words=near.words if near else None,
        clauses=near.clauses if near else None,
        whole=near.whole if near else None,
        length=min(1.0, _length(said) / max(_length(key), 1)),
        denied=_denied(key, said),
        turned=_share_unsaid(said) - _share_unsaid(key),
    )


def _words(sentences: Sequence[Sentence]) -> list[Word]:
    return [word for sentence in sentences for word in sentence.words if word.content]


def _share(wanted: dict[str, str], likeness: dict[str, float]) -> float:
    total = math.fsum(rarity.weight(stem) for stem in wanted)
    found = math.fsum(rarity.weight(stem) * likeness.get(stem, 0.0) for stem in wanted)
    return found / total if total else 0.0


def _length(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.words) for sentence in sentences)


@dataclass(frozen=True)
class _Nearness:
    words: float
    clauses: float
    whole: float


def _nearness(
    key: Sequence[Sentence],
    said: Sequence[Sentence],
    wanted: dict[str, str],
    given: dict[str, str],
    seconds: float,
) -> _Nearness | None:
    """What the embedding model tells; None where it does not answer."""
    whole_key, whole_said = _text(key), _text(said)
    key_parts, said_parts = _parts(key) or [whole_key], [whole_said, *_parts(said)]
    # Words come again in other answers: their vectors are kept.
    lasting = [whole_key, *key_parts, *wanted.values(), *given.values()]
    try:
        known = meaning.vectors.of([whole_said, *said_parts], lasting, seconds)
    except ollama.ModelUnavailable:
        return None
    covered = [max(cosine(known[part], known[mine]) for mine in said_parts) for part in key_parts]
    likeness = {
        stem: 1.0 if stem in given else _likeness(known[word], given, known)
        for stem, word in wanted.items()
    }
    return _Nearness(
        words=_share(wanted, likeness),
        clauses=_clamped(sum(covered) / len(covered)),
        whole=_clamped(cosine(known[whole_key], known[whole_said])),
    )


def _likeness(vector: Vector, given: dict[str, str], known: dict[str, Vector]) -> float:
    """Of a word to the nearest word in *given*."""
    nearest = max((cosine(vector, known[word]) for word in given.values()), default=0.0)
    return _ramp(nearest, (LIKE_FROM, 1.0))


def _text(sentences: Sequence[Sentence]) -> str:
    return " ".join(sentence.text for sentence in sentences)


def _parts(sentences: Sequence[Sentence]) -> list[str]:
    parts = [part for sentence in sentences for part in texts.clauses(sentence.text)]
    return list(dict.fromkeys(p for p in parts if len(texts.words(p)) > 2))[:MOST_PARTS]


def _denied(key: Sequence[Sentence], said: Sequence[Sentence]) -> float:
    """The share of the words in common that one of them denies, or has at the other end."""
    meant: dict[str, set[bool]] = {}
    for word in _words(key):
        meant.setdefault(word.stem, set()).add(word.denied)
    mine = {word.stem for word in _words(said)}
    total = against = 0.0
    for word in _words(said):
        facing = {word.stem} & meant.keys()
        turned = not facing
        if turned:
            facing = {s for s in meant if s not in mine and texts.opposites(s, word.stem)}
        if facing:
            weight = rarity.weight(word.stem)
            total += weight
            agrees = any((word.denied != turned) in meant[stem] for stem in facing)
            against += 0.0 if agrees else weight
    return against / total if total else 0.0


def _share_unsaid(sentences: Sequence[Sentence]) -> float:
    words = _words(sentences)
    return sum(word.unsaid for word in words) / len(words) if words else 0.0
