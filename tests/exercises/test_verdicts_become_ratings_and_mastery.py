"""What scheduling makes of an answer: FSRS's rating, and a mastery between 0 and 1."""

from datetime import UTC, datetime

import pytest
from fsrs import Rating

from exercises.models import ExerciseType, Review, Verdict
from exercises.scheduling import (
    BANDS,
    Result,
    level_for,
    mastery,
    rating,
    reviewed,
    score_left,
)
from resources.models import Level

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = [
    (("passed", 1.0, "advanced", "coding", 0, 0), Rating.Easy),
    (("passed", 1.0, "advanced", "multiple_choice", 0, 0), Rating.Good),
    (("passed", 1.0, "beginner", "coding", 0, 0), Rating.Good),
    (("passed", 0.9, "advanced", "coding", 1, 0), Rating.Good),
    (("passed", 0.8, "beginner", "cloze", 2, 0), Rating.Good),
    (("passed", 0.7, "beginner", "cloze", 3, 0), Rating.Hard),
    (("passed", 1.0, "beginner", "cloze", 0, 1), Rating.Hard),
    (("partly", 0.5, "beginner", "short_answer", 0, 0), Rating.Hard),
    (("partly", 0.4, "beginner", "short_answer", 0, 0), Rating.Again),
    (("failed", 0.0, "advanced", "coding", 0, 0), Rating.Again),
    (("ungraded", None, "beginner", "coding", 0, 0), None),
    (("pending", None, "beginner", "coding", 0, 0), None),
]


def result(
    verdict: str, score: float | None, level: str, type_: str, hints: int, failed: int
) -> Result:
    return Result(Verdict(verdict), score, Level(level), ExerciseType(type_), hints, failed)


@pytest.mark.parametrize(("answer", "expected"), TABLE)
def test_the_rating_of_an_answer(
    answer: tuple[str, float | None, str, str, int, int], expected: Rating | None
) -> None:
    assert rating(result(*answer)) == expected


def test_what_can_not_be_graded_changes_nothing() -> None:
    assert reviewed(Review(), result("ungraded", None, "beginner", "coding", 0, 0), NOW) == {}


def test_the_same_answers_give_the_same_dates() -> None:
    def dates() -> list[datetime]:
        review, now, found = Review(due=NOW), NOW, []
        for verdict, score in [("passed", 1.0), ("passed", 1.0), ("failed", 0.0)] * 4:
            answer = result(verdict, score, "beginner", "cloze", 0, 0)
            for name, value in reviewed(review, answer, now).items():
                setattr(review, name, value)
            found.append(review.due)
            now = max(review.due, now)
        return found

    assert dates() == dates()


def test_five_right_answers_lead_to_intermediate_and_four_more_to_advanced() -> None:
    estimate, levels = 0.0, []
    for _ in range(9):
        levels.append(level_for(estimate))
        estimate = mastery(estimate, levels[-1], 1.0, Verdict.PASSED)
    assert levels == ["beginner"] * 5 + ["intermediate"] * 4
    assert level_for(estimate) == "advanced"


@pytest.mark.parametrize("level", Level.values)
@pytest.mark.parametrize("before", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_an_answer_never_says_what_it_does_not_show(level: str, before: float) -> None:
    low, high = BANDS[Level(level)]
    right = mastery(before, level, 1.0, Verdict.PASSED)
    wrong = mastery(before, level, 0.0, Verdict.FAILED)
    assert before <= right <= max(before, high)
    assert min(before, low) <= wrong <= before


def test_recent_answers_weigh_more() -> None:
    def after(*scores: float) -> float:
        estimate = 0.0
        for score in scores:
            verdict = Verdict.PASSED if score else Verdict.FAILED
            estimate = mastery(estimate, "beginner", score, verdict)
        return estimate

    assert after(0, 0, 1, 1) > after(1, 1, 0, 0)


def test_the_score_that_is_left() -> None:
    assert [score_left(n) for n in range(4)] == [1.0, 0.9, 0.8, 0.7]
