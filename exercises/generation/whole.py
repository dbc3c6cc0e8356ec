"""Whole exercises by a model that has passed its test, each from one passage.

The answer must have the shape of the exercise (JSON Schema), has a cap on its tokens, and one
chance to be mended; then it is dropped. That a passage tells the model to do something else changes
nothing: what comes back is proven like everything, and solved blind where there is a key to guess.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from exercises import prompts
from exercises.checking.asking import Asker
from exercises.checking.results import check
from exercises.content import (
    ChoiceContent,
    ClozeContent,
    CodingContent,
    Item,
    Line,
    Malformed,
    Prose,
    ShortContent,
    Strict,
    read_item,
)
from exercises.generation.drafts import Draft, Dropped, slug_of
from exercises.generation.near import Near
from exercises.generation.passages import Passage
from exercises.generation.text import shortened
from exercises.grading.screening import gives_orders
from learning_assistant import ollama

SECONDS = 120.0
TOKENS = {"multiple_choice": 700, "short_answer": 900, "cloze": 500, "coding": 1600}
LEAST_WORDS = 15  # of a passage: less gives no exercise
MOST_SHOWN = 6000  # characters of a passage
ON_PASSAGE = 0.3  # cosine of the exercise to its passage, below which it is about something else


class _Common(Strict):
    prompt: Prose
    explanation: Prose
    hints: Annotated[list[Line], Field(min_length=3, max_length=3)]


class _Choice(_Common):
    content: ChoiceContent


class _Short(_Common):
    content: ShortContent


class _Cloze(_Common):
    content: ClozeContent


class _Coding(_Common):
    content: CodingContent


_SHAPES: dict[str, type[_Common]] = {
    "multiple_choice": _Choice,
    "short_answer": _Short,
    "cloze": _Cloze,
    "coding": _Coding,
}


def schema(type_: str) -> dict[str, Any]:
    """JSON Schema of what a model is asked for."""
    return _SHAPES[type_].model_json_schema()


def drafts(type_: str, passage: Passage, asker: Asker, near: Near) -> Iterator[Draft | Dropped]:
    """The exercise of *type_* that *asker* makes of *passage*, or why there is none.

    Raises `ollama.ModelUnavailable`.
    """
    text = shortened(passage.text, MOST_SHOWN)
    if len(text.split()) < LEAST_WORDS:
        yield Dropped("the passage is too short", passage)
        return
    if gives_orders(text):
        yield Dropped("the passage speaks to its reader", passage)
        return
    asked = prompts.whole(type_, text, passage.topic_name, passage.level)
    said = _ask(asked, type_, asker)
    try:
        item = _read(said, type_, passage)
    except Malformed as error:
        said = _ask(prompts.repair(asked, shortened(said, MOST_SHOWN), str(error)), type_, asker)
        try:
            item = _read(said, type_, passage)
        except Malformed as again:
            yield Dropped("malformed", passage, str(again))
            return
    cosine = near.cosine(f"{item.prompt}\n{item.explanation}", text)
    about = "" if cosine >= ON_PASSAGE else f"cosine {cosine:.2f} to its passage"
    yield Draft(item, passage, [check("about its passage", about, seen=f"cosine {cosine:.2f}")])


def _ask(messages: list[prompts.Message], type_: str, asker: Asker) -> str:
    said = asker.ask(messages, schema(type_), seconds=SECONDS, max_tokens=TOKENS[type_])
    return said.text


def _read(said: str, type_: str, passage: Passage) -> Item:
    """Raises `Malformed`."""
    try:
        raw = ollama.read_json(said)
    except ValueError as error:
        raise Malformed(f"no JSON: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("content"), dict):
        raise Malformed("an object with prompt, explanation, hints and content was expected")
    try:
        _SHAPES[type_].model_validate(raw)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise Malformed(told) from error
    about = {
        "slug": slug_of(type_, passage, str(raw["prompt"])),
        "topic": passage.topic,
        "level": passage.level,
        "resource": passage.resource,
    }
    common = {name: raw[name] for name in _Common.model_fields}
    return read_item({**common, **raw["content"], **about})
