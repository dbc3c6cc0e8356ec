"""What the learner reads about a short answer: what is right, what is missing, one next step."""

from collections.abc import Sequence

REASONS = {
    "empty": "There is no answer yet.",
    "copied": "This repeats the question.",
    "question": "A question is no answer: say what you think is so.",
    "orders": "Only what you say about the question counts.",
    "no sentence": "Words in a row are no answer: say it in sentences.",
    "too long": "Only the first part was read: one to three sentences are enough.",
}


def feedback(
    made: Sequence[str], missing: Sequence[str], denied: Sequence[str], reasons: Sequence[str]
) -> str:
    """Sentences about the points that are *made*, *missing* or *denied*, clauses of the rubric."""
    parts = [REASONS[reason] for reason in reasons if reason in REASONS]
    if made:
        parts.append(f"You say that {_joined(made)}.")
    if not made and not denied and not reasons:
        parts.append("None of what is looked for is in it yet.")
    if denied:
        parts.append("What you say about one part is the opposite of what is so, or says both.")
    open_points = [*denied, *missing]
    if open_points and made:
        parts.append(f"Still missing: {_joined(missing or denied)}.")
        parts.append(_next(denied))
    elif open_points:
        parts.append("Take a hint, or answer one half of the question first in your own words.")
    return " ".join(parts)


def _next(denied: Sequence[str]) -> str:
    if denied:
        return "Look at that part again and say it the right way round."
    return "Add a sentence that says this in your own words."


def _joined(clauses: Sequence[str]) -> str:
    *first, last = (clause.strip().rstrip(".") for clause in clauses)
    return f"{'; '.join(first)}; and {last}" if first else last
