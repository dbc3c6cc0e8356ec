"""What makers hand on: an exercise that is still to be proven, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from exercises.checking.results import Check
from exercises.content import Item
from exercises.generation.passages import Passage


@dataclass(frozen=True)
class Draft:
    """An exercise with the passage it was made from, and what its maker has checked already."""

    item: Item
    passage: Passage
    checks: Sequence[Check] = ()
    # The maker's own checks leave something to a person: it waits for staff even if it is proven.
    doubtful: bool = False


@dataclass(frozen=True)
class Dropped:
    """Why nothing came of a passage: few different reasons, so that they can be counted."""

    reason: str
    passage: Passage
    detail: str = ""


def slug_of(kind: str, passage: Passage, answer: str) -> str:
    """The same exercise gets the same slug each time."""
    return f"made-{kind.replace('_', '-')}-{passage.key}-{crc32(answer.lower().encode()):08x}"
