"""All checks of one exercise, and the record of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exercises.checking import choice, cloze, coding, short
from exercises.checking.leaks import leaks
from exercises.checking.results import Check, check
from exercises.checking.shape import language, shape
from exercises.checking.twins import Others, Vector, twins
from exercises.content import (
    ChoiceContent,
    ClozeContent,
    CodingContent,
    Item,
    ShortContent,
)


@dataclass(frozen=True)
class Proven:
    """What the checks of one exercise say."""

    checks: Sequence[Check]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def faults(self) -> list[str]:
        return [f"{c.name}: {c.detail}" for c in self.checks if not c.passed]


def prove(item: Item, vector: Vector | None, others: Others) -> Proven:
    """Every check of *item*; *vector* is that of `twins.text_of`, where there is one.

    Code is run, rubrics are tried out: a quarter of a second, a coding exercise up to a few.
    """
    began = time.monotonic()
    told = [shape(item), language(item), leaks(item), twins(item, vector, others)]
    told.extend(_of_type(item))
    return Proven(told, round(time.monotonic() - began, 3))


def _of_type(item: Item) -> Iterator[Check]:
    match item.content:
        case ChoiceContent() as content:
            yield from choice.checks(item, content)
        case ClozeContent() as content:
            yield from cloze.checks(item, content)
        case ShortContent() as content:
            yield from short.checks(item, content)
        case CodingContent() as content:
            try:
                yield from coding.checks(item.slug, content)
            except SyntaxError as error:
                yield check("the reference passes", f"it is no Python: {error}")
