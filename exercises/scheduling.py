"""When a topic comes back, and how well it is mastered; pure, from the verdicts of one session.

**Coming back** is FSRS (package `fsrs`), one card a session and topic, without its random fuzz:
the same answers give the same dates. A topic is no flash card, on which seconds matter: its first
steps are ten minutes and a day. How a verdict is rated:

| answer | rating |
| --- | --- |
| right at the first try, full score, no hint, at the advanced level, without choices | Easy |
| right, at least 0.8 of the score left | Good |
| right with less left, or after a wrong try; partly right with at least half | Hard |
| wrong; partly right with less; solution shown unsolved | Again |
| can't be graded here; any answer after the solution was shown | none: it counts neither way |

**Mastery** (0 to 1) is a running estimate. An exercise of a level can show mastery inside that
level's band: beginner 0 to 0.5, intermediate 0.3 to 0.8, advanced 0.6 to 1. A score of 0 says the
band's lower end, 1 the upper end, and each answer moves the estimate three tenths of the way there.
So recent answers weigh more, easy exercises alone never make an expert, and an answer can't say
what it does not show: a right one never lowers the estimate, a wrong one never raises it (one that
is partly right may do either). Five right answers lead from beginner to intermediate, four more to
advanced.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fsrs import Card, Rating, Scheduler, State

from exercises.models import ExerciseType, Review, Verdict
from resources.models import Level

HINT_COST = 0.1
GOOD_FROM = 0.8
PARTLY_FROM = 0.5
BANDS = {Level.BEGINNER: (0.0, 0.5), Level.INTERMEDIATE: (0.3, 0.8), Level.ADVANCED: (0.6, 1.0)}
INTERMEDIATE_FROM = 0.4
ADVANCED_FROM = 0.7
STEP = 0.3

_scheduler = Scheduler(
    learning_steps=(timedelta(minutes=10), timedelta(days=1)),
    relearning_steps=(timedelta(minutes=10),),
    enable_fuzzing=False,
)


@dataclass(frozen=True)
class Result:
    """One answer that counts: what scheduling looks at."""

    verdict: Verdict
    score: float | None  # hints taken off
    level: Level
    type: ExerciseType
    hints_taken: int = 0
    failed_before: int = 0  # attempts since the exercise was served


def score_left(hints_taken: int) -> float:
    """The share of the score that is left after so many hints."""
    return round(max(0.0, 1 - HINT_COST * hints_taken), 2)


def rating(result: Result) -> Rating | None:
    """FSRS's rating of *result*; None where it counts neither way."""
    if result.verdict in (Verdict.PENDING, Verdict.UNGRADED) or result.score is None:
        return None
    if result.verdict == Verdict.FAILED:
        return Rating.Again
    if result.verdict == Verdict.PARTLY:
        return Rating.Hard if result.score >= PARTLY_FROM else Rating.Again
    if result.failed_before or result.score < GOOD_FROM:
        return Rating.Hard
    hard = result.level == Level.ADVANCED and result.type != ExerciseType.MULTIPLE_CHOICE
    return Rating.Easy if hard and not result.hints_taken and result.score == 1 else Rating.Good


def reviewed(review: Review, result: Result, now: datetime) -> dict[str, Any]:
    """The fields of *review* after *result*; empty where it counts neither way."""
    rated = rating(result)
    if rated is None or result.score is None:
        return {}
    card, _ = _scheduler.review_card(_card(review), rated, now.astimezone(UTC))
    return {
        "state": int(card.state),
        "step": card.step,
        "stability": card.stability,
        "difficulty": card.difficulty,
        "due": card.due,
        "last_review": card.last_review,
        "mastery": mastery(review.mastery, result.level, result.score, result.verdict),
    }


def _card(review: Review) -> Card:
    return Card(
        card_id=0,  # else it waits a millisecond to make one
        state=State(review.state),
        step=review.step,
        stability=review.stability,
        difficulty=review.difficulty,
        due=review.due,
        last_review=review.last_review,
    )


def mastery(before: float, level: Level | str, score: float, verdict: Verdict) -> float:
    """The estimate after one more answer."""
    low, high = BANDS[Level(level)]
    moved = before + STEP * (low + (high - low) * score - before)
    if verdict == Verdict.PASSED:
        moved = max(before, moved)
    elif verdict == Verdict.FAILED:
        moved = min(before, moved)
    return round(min(max(moved, 0.0), 1.0), 4)


def level_for(estimate: float) -> Level:
    """The level of the exercises that fit a mastery."""
    if estimate >= ADVANCED_FROM:
        return Level.ADVANCED
    return Level.INTERMEDIATE if estimate >= INTERMEDIATE_FROM else Level.BEGINNER
