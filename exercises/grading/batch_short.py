"""One line of a batch of short answers: graded against its reference, without a rubric."""

from typing import Any

from exercises.grading import similarity

KEYS = frozenset({"question", "reference", "answer"})  # a line with all of these is one of ours
DEFAULT_MAX = 5.0
MOST_CHARACTERS = 20_000


class BadLine(ValueError):
    """A line that can't be graded: which key, what is wanted, what was sent."""


def grade_line(line: dict[str, Any], *, seconds: float = 30.0) -> dict[str, Any]:
    """`{"id", "score", "max", "by"}` for `{"id", "question", "reference", "answer", "max"}`.

    `score` is 0 to `max` (5 where it is missing) with two decimals; `by` is `meaning`, or `words`
    where the model server was not there. Raises `BadLine`.
    """
    question, reference, answer = (
        _text(line, key, empty=key != "reference") for key in ("question", "reference", "answer")
    )
    most = line.get("max", DEFAULT_MAX)
    if isinstance(most, bool) or not isinstance(most, int | float) or not 0 < most < 1e6:
        raise BadLine(f'"max" must be a number above 0, {most!r} was sent')
    found = similarity.score(question, reference, answer, seconds=seconds)
    return {
        "id": line.get("id"),
        "score": round(found.share * most, 2),
        "max": most,
        "by": found.by,
    }


def _text(line: dict[str, Any], key: str, *, empty: bool) -> str:
    if key not in line:
        raise BadLine(f'"{key}" is missing')
    value = line[key]
    if not isinstance(value, str):
        raise BadLine(f'"{key}" must be text, {str(value)[:60]!r} was sent')
    if len(value) > MOST_CHARACTERS:
        raise BadLine(f'"{key}" is {len(value)} characters long, {MOST_CHARACTERS} are allowed')
    if not empty and not value.strip():
        raise BadLine(f'"{key}" is empty')
    return value
