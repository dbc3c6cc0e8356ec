"""Duplicates: the same exercise twice, in words or in meaning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul
from typing import Protocol

from exercises.checking.results import Check, check
from exercises.checking.words import likeness, plain
from exercises.content import (
    AnyContent,
    ChoiceContent,
    ClozeContent,
    CodingContent,
    Item,
    ShortContent,
)

# Of one type: two exercises on one subject are near each other, two on one question are nearer.
SAME_MEANING = 0.95
SAME_WORDS = 0.9
WORTH_A_LOOK = 0.7

Vector = Sequence[float]


@dataclass(frozen=True)
class Twin:
    """Another exercise, and how near it is: cosine of the vectors, where there are any."""

    slug: str
    text: str
    cosine: float | None = None


class Others(Protocol):
    """The exercises that one must not repeat."""

    def nearest(self, item: Item, vector: Vector | None) -> Iterable[Twin]:
        """Those of its type that come nearest to it, itself left out."""


def text_of(prompt: str, content: AnyContent) -> str:
    """What is compared: the prompt with what belongs to it, the right answer first."""
    match content:
        case ChoiceContent():
            return f"{prompt}\n{content.choices[content.right].text}"
        case ClozeContent():
            return content.passage.replace("[[", "").replace("]]", "")
        case ShortContent():
            return f"{prompt}\n{content.reference}"
        case CodingContent():
            return prompt


def twins(item: Item, vector: Vector | None, others: Others) -> Check:
    text, faults = text_of(item.prompt, item.content), []
    nearest = 0.0
    for twin in others.nearest(item, vector):
        nearest = max(nearest, twin.cosine or 0.0)
        alike = likeness(text, twin.text, WORTH_A_LOOK)
        if plain(text) == plain(twin.text):
            faults.append(f"the same as {twin.slug}")
        elif alike >= SAME_WORDS:
            faults.append(f"{alike:.0%} of the words of {twin.slug}")
        elif (twin.cosine or 0.0) >= SAME_MEANING and alike >= WORTH_A_LOOK:
            faults.append(f"means the same as {twin.slug} (cosine {twin.cosine:.3f})")
    return check("no duplicate", *faults, seen=f"nearest cosine {nearest:.2f}" if nearest else "")


class InMemory:
    """The exercises of a folder, which no database knows yet."""

    def __init__(self) -> None:
        self._known: list[tuple[str, str, str, Vector | None]] = []

    def add(self, item: Item, vector: Vector | None) -> None:
        self._known.append(
            (item.slug, item.content.type, text_of(item.prompt, item.content), vector)
        )

    def so_far(self) -> "InMemory":
        """Those of now, whatever is added."""
        others = InMemory()
        others._known = list(self._known)
        return others

    def nearest(self, item: Item, vector: Vector | None) -> Iterable[Twin]:
        for slug, kind, text, other in self._known:
            if slug != item.slug and kind == item.content.type:
                yield Twin(slug, text, cosine(vector, other) if vector and other else None)


def cosine(one: Vector, other: Vector) -> float:
    lengths = sqrt(sum(map(mul, one, one))) * sqrt(sum(map(mul, other, other)))
    return float(sum(map(mul, one, other)) / (lengths or 1.0))
