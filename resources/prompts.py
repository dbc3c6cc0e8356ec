"""Prompts, as pure functions. What stays the same comes first, so that the model server can keep it."""

from typing import Any

ADVICE_TOKENS = 32
ADVICE_STOP = ["\n"]

_SYSTEM = (
    "You help people choose where to start learning. You are given a question and the resource "
    "to start with. Say in one short sentence why it is a good start for that question."
)


def advice(query: str, resource: dict[str, Any]) -> list[dict[str, str]]:
    """Ask for one sentence on why *resource*, already picked, is where to start."""
    return [
        {"role": "system", "content": _SYSTEM},
        {
            "role": "user",
            "content": (f"Question: {query[:200]}\nResource [1]: {resource['reason'][:200]}"),
        },
    ]
