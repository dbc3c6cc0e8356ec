"""A chat model that solves and writes exercises, for the scripted server."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings

from exercises import banking
from exercises.content import ChoiceContent
from resources.models import Resource
from tests.resources import making

BACKPROPAGATION = (
    "Backpropagation computes the gradient of the loss with respect to every weight by applying "
    "the chain rule backwards through the network, layer after layer, and reuses what the layer "
    "above has computed."
)


def passage(summary: str = BACKPROPAGATION, title: str = "Lecture on gradients") -> Resource:
    """A published resource with *summary*, in an index of its own."""
    making.tree(deep_learning="")
    made = making.add(title, summary=summary, topics=["deep-learning"], level="beginner")
    making.index()
    return made


def choice(**changes: Any) -> dict[str, Any]:
    """What a model writes: a whole exercise about `BACKPROPAGATION`."""
    return {
        "prompt": "In which order does backpropagation visit the layers of a network?",
        "explanation": "The chain rule is applied backwards through the network, layer by layer.",
        "hints": ["Think of the chain rule.", "Where is the loss?", "It begins at the loss."],
        "content": {
            "type": "multiple_choice",
            "choices": [
                {"text": "From the last to the first", "right": True, "why": ""},
                {"text": "From the first to the last", "why": "That is the forward pass."},
                {"text": "In no particular order", "why": "Each layer needs the one above."},
                {"text": "All at the same time", "why": "Each layer needs the one above."},
            ],
        },
    } | changes


@dataclass
class Author:
    """Solves choices of the bank, and those whose right text is in `knows`; writes `writes`."""

    writes: list[str] = field(default_factory=list)  # one answer after the other
    knows: set[str] = field(default_factory=lambda: {"From the last to the first"})
    written: list[list[dict[str, str]]] = field(default_factory=list)  # what it was asked
    solved: int = 0

    def __call__(self, asked: dict[str, Any]) -> str:
        assert asked["think"] is False
        assert asked["format"]["type"] == "object"
        assert asked["options"]["num_predict"] <= 2000
        question = json.loads(asked["messages"][1]["content"])
        if "choices" in question:
            self.solved += 1
            return self._solve(question)
        self.written.append(asked["messages"])
        return self.writes.pop(0) if len(self.writes) > 1 else self.writes[0]

    def _solve(self, question: dict[str, Any]) -> str:
        known = _keys()
        right = known.get(question["question"])
        for number, text in question["choices"].items():
            if text == right or text in self.knows:
                return json.dumps({"answer": int(number)})
        return json.dumps({"answer": 1})


@cache
def _keys() -> dict[str, str]:
    """The right choice of each choice item of the bank, by its prompt."""
    found = {}
    for entry in banking.entries(settings.EXERCISE_BANK):
        if entry.item and isinstance(entry.item.content, ChoiceContent):
            content = entry.item.content
            found[entry.item.prompt] = content.choices[content.right].text
    return found
