"""A blind re-solve: a model that does not see the key comes to the same answer.

It counts only for a model that has passed its test (`generation.capability`). Choices are shown
in two orders, so that a model that likes the first one agrees with nothing.
"""

from collections.abc import Iterator

from exercises import prompts
from exercises.checking.asking import Asker
from exercises.checking.results import Check, check
from exercises.content import ChoiceContent, ClozeContent, Item
from exercises.marking import mark_cloze
from exercises.models import Verdict
from exercises.prompts import Message
from learning_assistant import ollama

SECONDS = 30.0
TOKENS = 40
NAME = "a blind re-solve agrees"


def resolve(item: Item, asker: Asker) -> Check | None:
    """Whether *asker* solves *item* as its key says; None for types whose proof does without.

    Raises `ollama.ModelUnavailable`.
    """
    match item.content:
        case ChoiceContent() as content:
            faults = list(_choice(item.prompt, content, asker))
        case ClozeContent() as content:
            faults = list(_cloze(item.prompt, content, asker))
        case _:
            return None
    return check(NAME, *faults, seen=f"{asker.model}")


def solved(item: Item, asker: Asker) -> bool:
    """Whether *asker* gives the answer of the key. Raises `ollama.ModelUnavailable`."""
    found = resolve(item, asker)
    return found is not None and found.passed


def _choice(prompt: str, content: ChoiceContent, asker: Asker) -> Iterator[str]:
    texts = [choice.text for choice in content.choices]
    right = content.choices[content.right].text
    forward = sorted(texts)  # by name: where the key stands says nothing
    for order in (forward, forward[::-1]):
        number = _answer(
            prompts.solve_choice(prompt, order), prompts.choice_schema(len(order)), asker
        )
        chosen = order[number - 1] if isinstance(number, int) and 0 < number <= len(order) else None
        if chosen != right:
            yield f"{asker.model} says {chosen!r}"
            return


def _cloze(prompt: str, content: ClozeContent, asker: Asker) -> Iterator[str]:
    said = _answer(prompts.solve_cloze(prompt, content.gapped), prompts.cloze_schema(), asker)
    if not isinstance(said, str) or mark_cloze(content, said).verdict != Verdict.PASSED:
        yield f"{asker.model} says {said!r}"


def _answer(messages: list[Message], schema: dict[str, object], asker: Asker) -> object:
    """What the model answers; None where it is not of the shape that was asked for."""
    said = asker.ask(messages, schema, seconds=SECONDS, max_tokens=TOKENS).text
    try:
        found = ollama.read_json(said)
    except ValueError:
        return None
    return found.get("answer") if isinstance(found, dict) else None
