"""What the words of an answer tell about one point of a rubric. No model is asked.

A point is made by its words where one sentence, or two that follow each other, touch each group of
its terms, or hold nearly all words of a clause that the rubric accepts, and mean them as the rubric
does: what is denied there must be denied here, and nothing else may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

from exercises.content import Point
from exercises.grading import text as texts
from exercises.grading.negation import Sentence, Word, read

COVERED = 0.75  # of the words of an accepted clause
QUOTED = 0.9  # the same: it is said as the rubric says it
REFUTED = 0.8  # of the words of a clause that contradicts
LIKE = 0.6  # of the words that two sentences share, when one of them denies the other

Phrase = tuple[str, ...]  # stems


class Finding(Enum):
    MADE = "made"
    DENIED = "denied"  # the opposite is said, or both
    PARTLY = "partly"  # some of it
    NONE = "none"


@dataclass(frozen=True)
class Evidence:
    finding: Finding
    share: float  # 0 to 1: groups touched, or words of an accepted clause
    text: str  # the sentence it rests on, or the words that are missing


@dataclass(frozen=True)
class Key:
    """A point with all its clauses read: what it means, and what contradicts it."""

    point: Point
    groups: tuple[tuple[Phrase, ...], ...]
    accepts: tuple[Sentence, ...]
    refutes: tuple[Sentence, ...]
    meant: frozenset[tuple[str, bool]]  # stems as the accepted clauses have them, denied or not
    neutral: frozenset[str]  # stems of the question: naming them says nothing yet


def key_of(point: Point, prompt: str, reference: str) -> Key:
    """*point* of a rubric as it is compared with answers to *prompt*."""
    return _key(point.model_dump_json(), prompt, reference)


@cache
def _key(point_json: str, prompt: str, reference: str) -> Key:
    point = Point.model_validate_json(point_json)
    groups = tuple(
        tuple(tuple(texts.stems(texts.clean(term))) for term in group) for group in point.terms
    )
    accepts = _read_all([*point.accepts, point.point])
    nearest = _nearest(read(texts.clean(reference)), accepts, groups)
    meant = [(w.stem, w.denied) for s in (*accepts, *nearest) for w in s.words]
    return Key(
        point=point,
        groups=groups,
        accepts=(*accepts, *nearest),
        refutes=_read_all(point.refutes),
        meant=frozenset(meant),
        neutral=frozenset(texts.stems(texts.clean(prompt))),
    )


def _read_all(lines: Sequence[str]) -> tuple[Sentence, ...]:
    return tuple(sentence for line in lines for sentence in read(texts.clean(line)))


def _nearest(
    reference: list[Sentence], accepts: Sequence[Sentence], groups: Sequence[Sequence[Phrase]]
) -> list[Sentence]:
    """The sentence of the reference that makes the point."""
    wanted = set().union(*(accept.content for accept in accepts))

    def likeness(sentence: Sentence) -> tuple[int, int]:
        said = [word.stem for word in sentence.words]
        touched = sum(any(_stands_in(phrase, said) for phrase in group) for group in groups)
        return touched, len(sentence.content & wanted)

    return sorted(reference, key=likeness)[-1:]


def _stands_in(phrase: Phrase, said: Sequence[str]) -> bool:
    size = len(phrase)
    return any(tuple(said[at : at + size]) == phrase for at in range(len(said) - size + 1))


def weigh(keys: Sequence[Key], statements: Sequence[Sentence]) -> list[Evidence]:
    """What *statements* say about the point of each of *keys*.

    A sentence that makes one point does not deny another one: "with few data the prior rules"
    looks like the opposite of "with many data the likelihood does".
    """
    makes = {
        (k, n): _in_window(key, list(sentence.words), sentence.text).finding is Finding.MADE
        for k, key in enumerate(keys)
        for n, sentence in enumerate(statements)
    }
    found = []
    for k, key in enumerate(keys):
        denials = [
            sentence.text
            for n, sentence in enumerate(statements)
            if _denies(key, sentence)
            and not any(makes[j, n] and not _denies(keys[j], sentence) for j in _others(k, keys))
        ]
        found.append(
            Evidence(Finding.DENIED, 0.0, denials[0]) if denials else _best(key, statements)
        )
    return found


def _others(k: int, keys: Sequence[Key]) -> list[int]:
    return [j for j in range(len(keys)) if j != k]


def _best(key: Key, statements: Sequence[Sentence]) -> Evidence:
    best = Evidence(Finding.NONE, 0.0, "")
    for window in _windows(statements):
        words = [word for sentence in window for word in sentence.words]
        found = _in_window(key, words, " ".join(sentence.text for sentence in window))
        best = max(best, found, key=_rank)
    return best


def _rank(evidence: Evidence) -> tuple[int, float]:
    order = (Finding.NONE, Finding.PARTLY, Finding.MADE)
    return order.index(evidence.finding), evidence.share


def _windows(statements: Sequence[Sentence]) -> list[tuple[Sentence, ...]]:
    single = [(sentence,) for sentence in statements]
    return [*single, *zip(statements, statements[1:], strict=False)]


def _in_window(key: Key, words: list[Word], said: str) -> Evidence:
    touched = sum(_touches(key, group, words) is True for group in key.groups)
    of_groups = touched / len(key.groups) if key.groups else 0.0
    covered = max((_covered(key, accept, words) for accept in key.accepts), default=0.0)
    share = max(of_groups, covered)
    if of_groups == 1.0 or covered >= COVERED:
        return Evidence(Finding.MADE, share, said)
    return Evidence(Finding.PARTLY if share > 0 else Finding.NONE, share, said)


def _touches(key: Key, group: Sequence[Phrase], words: list[Word]) -> bool | None:
    """Whether *words* touch *group* as the point means it; None: only against its meaning."""
    against = False
    for phrase in group:
        for start in range(len(words) - len(phrase) + 1):
            part = words[start : start + len(phrase)]
            if all(_same(w.stem, p) for w, p in zip(part, phrase, strict=True)):
                if not _contrary(key, part[-1], phrase):
                    return True
                against = True
    return None if against else False


def _same(one: str, other: str) -> bool:
    """The same stem, or one slip of the keyboard away from it."""
    if one == other:
        return True
    if min(len(one), len(other)) < 6 or one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    return _one_slip(one, other)


def _one_slip(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    return one[at + 1 :] == other[at + 1 :] or (
        one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    )


def _contrary(key: Key, word: Word, phrase: Sequence[str]) -> bool:
    """Whether *word* is meant in another way than in the point's own clauses."""
    if word.stem in key.neutral or len(phrase) > 1 and phrase[0] in ("not", "no"):
        return False
    known = {denied for stem, denied in key.meant if stem == word.stem}
    return word.denied not in (known or {False})


def _covered(key: Key, accept: Sentence, words: list[Word]) -> float:
    """The share of *accept*'s words that stand in *words* and are meant in the same way."""
    wanted = {word.stem: word.denied for word in accept.words if word.content}
    if len(wanted) < 2 or not set(wanted) - key.neutral:
        return 0.0
    there = {(word.stem, word.denied) for word in words}
    same = sum((stem, denied) in there for stem, denied in wanted.items())
    return same / len(wanted)


def _denies(key: Key, sentence: Sentence) -> bool:
    """Whether *sentence* says the opposite of the point."""
    return _refuted(key, sentence) or _opposed(key, sentence) or _turned_round(key, sentence)


def _refuted(key: Key, sentence: Sentence) -> bool:
    """Whether *sentence* holds a clause that the rubric names as contradicting the point."""
    words = list(sentence.words)
    accepted = max((_covered(key, accept, words) for accept in key.accepts), default=0.0)
    return any(
        (share := _covered(key, refute, words)) >= REFUTED and share > accepted
        for refute in key.refutes
    )


def _opposed(key: Key, sentence: Sentence) -> bool:
    """Whether *sentence* touches all groups, or names an accepted clause, and denies part of it."""
    words = list(sentence.words)
    found = [_touches(key, group, words) for group in key.groups]
    if found and None in found and False not in found:
        return True
    if any(_covered(key, accept, words) >= QUOTED for accept in key.accepts):
        return False
    return any(_names_and_denies(key, accept, words) for accept in key.accepts)


def _names_and_denies(key: Key, accept: Sentence, words: list[Word]) -> bool:
    """Whether most of *accept* is in *words*, and a clause of these means it the other way."""
    wanted: dict[str, set[bool]] = {}
    for word in accept.words:
        if word.content:
            wanted.setdefault(word.stem, set()).add(word.denied)
    shared = [word for word in words if word.stem in wanted]
    if len(wanted) < 2 or len({word.stem for word in shared}) < COVERED * len(wanted):
        return False
    if not set(wanted) - key.neutral:
        return False
    for clause in {word.clause for word in shared}:
        here = [word for word in shared if word.clause == clause]
        contrary = [word for word in here if word.denied not in wanted[word.stem]]
        if len(contrary) == len(here) and (len(here) >= 2 or len(wanted) <= 3):
            return True
    return False


def _turned_round(key: Key, sentence: Sentence) -> bool:
    """Whether an odd number of its words stand at the other end of a scale than the point's."""
    best, flips = 0, 0
    for accept in key.accepts:
        wanted = {word.stem: word.denied for word in accept.words if word.content}
        there = {word.stem: word.denied for word in sentence.words if word.content}
        shared = set(wanted) & set(there)
        swapped = [
            stem for stem in set(there) - set(wanted)
            if any(
                texts.opposites(stem, other) and denied == there[stem]
                for other, denied in wanted.items() if other not in there
            )
        ]  # fmt: skip
        likeness = len(shared) + len(swapped)
        if likeness / max(len(wanted), 1) >= LIKE and likeness > best:
            best, flips = likeness, len(swapped)
    return flips % 2 == 1
