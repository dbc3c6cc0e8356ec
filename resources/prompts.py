"""Prompts, as pure functions. What never changes comes first, so that the model server keeps it."""

from typing import Any

ADVICE_TOKENS = 32
ADVICE_STOP = ("\n",)
QUERY_SHOWN, REASON_SHOWN = 200, 200  # characters: at most about 100 new tokens in all

_SYSTEM = (
    "Say in one sentence why [1] is a good start for the question. Use only what is said about [1]."
)
# (question, what is said about [1], the sentence). A small model copies their form: with these it
# wrote a usable sentence for 24 of 24 questions, with an instruction alone for 3.
EXAMPLES = (
    (
        "what is a neural network",
        "Drawings of neurons for readers who know no calculus",
        "Start with [1], because it shows neurons in drawings and needs no calculus.",
    ),
    (
        "learn SQL",
        "For analysts who have never written a query",
        "Start with [1], because it is for analysts who have never written a query.",
    ),
    (
        "forecast sales",
        "Explains exponential smoothing with worked examples",
        "Start with [1], because it explains exponential smoothing with worked examples.",
    ),
    (
        "big data tools",
        "You know Python and want to process logs on a cluster",
        "Start with [1], because it teaches you to process logs on a cluster if you know Python.",
    ),
    (
        "chess programs",
        "Read after the chapter on tree search",
        "Start with [1], but read the chapter on tree search before it.",
    ),
    (
        "what is entropy",
        "What entropy means, told through guessing games",
        "Start with [1], because it tells what entropy means through guessing games.",
    ),
)


def advice(query: str, resource: dict[str, Any]) -> list[dict[str, str]]:
    """Ask for one sentence on why *resource*, which the ranker picked, is where to start."""
    messages = [{"role": "system", "content": _SYSTEM}]
    for question, said, sentence in EXAMPLES:
        messages.append({"role": "user", "content": _asked(question, said)})
        messages.append({"role": "assistant", "content": sentence})
    said = " ".join(resource["reason"][:REASON_SHOWN].split())
    messages.append({"role": "user", "content": _asked(query[:QUERY_SHOWN], said)})
    return messages


def _asked(question: str, said: str) -> str:
    return f"Question: {' '.join(question.split())}\n[1]: {said}"
