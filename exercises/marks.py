"""What grading an answer comes to, whoever graded it."""

from dataclasses import dataclass, field
from typing import Any

from exercises.models import Verdict


@dataclass(frozen=True)
class Mark:
    """The verdict on one answer, before anything is taken off for hints."""

    verdict: Verdict
    score: float | None  # 0 to 1; None where it can't be graded here, which counts neither way
    feedback: str  # what is right, what is missing, one next step
    feedback_source: str  # tests, key, rubric or model
    details: dict[str, Any] = field(default_factory=dict)  # `tests` or `points`, as they are shown
    timings: dict[str, float] = field(default_factory=dict)  # milliseconds by stage
    model: str = ""  # of the words, where a model wrote any
    model_digest: str = ""
