"""Answers as the OpenAPI document shows them: data."""

from typing import Any

EXERCISE = {
    "exercise": {
        "id": 12,
        "type": "multiple_choice",
        "prompt": "The loss jumps up and down and then becomes `nan`. What do you try first?",
        "topic": "training-deep-networks",
        "level": "beginner",
        "hints": 3,
        "source": "bank",
        "repeat": False,
        "choices": [
            {"id": "a", "text": "More hidden layers"},
            {"id": "b", "text": "A smaller learning rate"},
            {"id": "c", "text": "More epochs at this setting"},
            {"id": "d", "text": "A larger batch of the same data"},
        ],
        "resource": {"id": 7, "title": "A recipe", "url": "https://recipe.example/"},
    },
    "relaxed": [],
    "pool_empty": True,
    "next_due": None,
    "session_id": "demo",
    "took_ms": 9,
}
NOTHING_DUE: dict[str, Any] = {
    "exercise": None,
    "relaxed": [],
    "pool_empty": True,
    "next_due": "2026-03-01T09:30:00+00:00",
    "session_id": "demo",
    "took_ms": 6,
}
_ATTEMPT = "4c8c0c1e-2f0a-4e5f-9a53-6a0d9f1f4a11"
PASSED = {
    "attempt": _ATTEMPT,
    "correct": True,
    "score": 0.9,
    "verdict": "passed",
    "feedback": "Right: A smaller learning rate",
    "feedback_source": "key",
    "counted": True,
    "next_review": "2026-03-02T09:30:00+00:00",
    "solution": "A smaller learning rate",
    "solution_choice": "b",
    "explanation": "Steps that are too long overshoot, and each overshoot is longer than the last.",
    "took_ms": 12,
}
FAILED_CODE = {
    "attempt": _ATTEMPT,
    "correct": False,
    "score": 0.0,
    "verdict": "failed",
    "feedback": "1 of 2 tests passes. Look at what happens to an empty list.",
    "feedback_source": "tests",
    "counted": True,
    "next_review": "2026-03-01T09:40:00+00:00",
    "tests": [
        {"name": "two numbers", "passed": True, "expected": "1.5", "got": "1.5", "error": None},
        {
            "name": "an empty list",
            "passed": False,
            "expected": "0.0",
            "got": None,
            "error": {
                "type": "ZeroDivisionError",
                "message": "division by zero",
                "line": 2,
                "source": "return sum(numbers) / len(numbers)",
            },
        },
    ],
    "took_ms": 48,
}
PENDING = {
    "attempt": _ATTEMPT,
    "verdict": "pending",
    "correct": None,
    "score": None,
    "feedback": "Your answer is kept and still being graded; ask for the result in a moment.",
    "took_ms": 1560,
}
PROGRESS: dict[str, Any] = {
    "topics": [
        {
            "topic": "optimization",
            "name": "Optimization",
            "mastery": 0.33,
            "level": "beginner",
            "stability_days": 2.31,
            "next_review": "2026-03-01T09:40:00Z",
            "due": False,
            "exercises": 4,
            "solved": 3,
        }
    ],
    "attempts": {"total": 6, "passed": 3, "partly": 1, "failed": 2, "ungraded": 0, "pending": 0},
    "streak_days": 3,
    "due": 0,
    "next_due": "2026-03-01T09:40:00Z",
    "weakest_topic": "optimization",
    "resources": [
        {
            "id": 7,
            "title": "Gradient descent, step by step",
            "url": "https://descent.example/",
            "kind": "tutorial",
            "level": "beginner",
            "summary": "Why the negative gradient leads down, with drawings.",
        }
    ],
}
