"""Short answers are graded by a rubric, point by point."""

from exercises.content import ShortContent
from exercises.marks import Mark


def mark(content: ShortContent, prompt: str, answer: str, *, seconds: float = 1.2) -> Mark:
    raise NotImplementedError
