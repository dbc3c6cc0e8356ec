"""Exercises and outcomes as they are shown. What holds the key goes out only once it is over."""

from typing import Any

from exercises import marking
from exercises.content import (
    ChoiceContent,
    ClozeContent,
    CodingContent,
    ShortContent,
    read_content,
)
from exercises.models import Attempt, Exercise, Verdict
from resources.models import Status

PENDING = "Your answer is kept and still being graded; ask for the result in a moment."
UNGRADABLE = "This answer could not be graded here. It counts neither for nor against you."


def exercise(of: Exercise, *, repeat: bool) -> dict[str, Any]:
    """What the learner gets: never the key, the reference, the rubric or the tests."""
    content = read_content(of.content)
    shown: dict[str, Any] = {
        "id": of.pk,
        "type": of.type,
        "prompt": of.prompt,
        "topic": of.topic.slug,
        "level": of.level,
        "hints": len(of.hints),
        "source": of.source,
        "repeat": repeat,
    }
    if isinstance(content, ChoiceContent):
        shown["choices"] = [vars(choice) for choice in marking.choices(of.slug, content)]
    elif isinstance(content, ClozeContent):
        shown["prompt"] = f"{of.prompt}\n\n{content.gapped}"
    elif isinstance(content, CodingContent):
        shown["starter_code"] = content.starter
    if of.resource is not None and of.resource.status == Status.PUBLISHED:
        shown["resource"] = {
            "id": of.resource.pk,
            "title": of.resource.title,
            "url": of.resource.url,
        }
    return shown


def solution(of: Exercise) -> dict[str, Any]:
    """The key in words, and why it is so: for an exercise that is over."""
    content = read_content(of.content)
    if isinstance(content, ChoiceContent):
        told = {
            "solution": content.choices[content.right].text,
            "solution_choice": marking.right_choice(of.slug, content),
        }
    elif isinstance(content, ClozeContent):
        told = {"solution": content.answer}
    elif isinstance(content, ShortContent):
        told = {"solution": content.reference}
    else:
        told = {"solution": content.solution}
    return told | {"explanation": of.explanation}


def outcome(attempt: Attempt) -> dict[str, Any]:
    """What came of an answer; the same each time it is asked for."""
    if attempt.verdict == Verdict.PENDING:
        return {
            "attempt": str(attempt.pk),
            "verdict": attempt.verdict,
            "correct": None,
            "score": None,
            "feedback": PENDING,
        }
    graded = attempt.verdict != Verdict.UNGRADED
    told = {
        "attempt": str(attempt.pk),
        "correct": attempt.verdict == Verdict.PASSED if graded else None,
        "score": attempt.score,
        "verdict": attempt.verdict,
        "feedback": attempt.feedback,
        "feedback_source": attempt.feedback_source,
        "counted": attempt.details["counted"],
        "next_review": attempt.details["next_review"],
    }
    told |= {name: attempt.details[name] for name in ("tests", "points") if name in attempt.details}
    if attempt.details["over"]:
        told |= solution(attempt.practice.exercise)
    return told
