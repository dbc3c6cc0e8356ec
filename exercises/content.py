"""What exercises are made of: the content of each type, as the bank, makers, proofs and graders
read it, and as `Exercise.content` keeps it.

Content holds the key. Only `shown` leaves the server before an exercise is over.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from exercises.syntax import expression, literal
from resources.models import Level

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
LINE = 400  # characters
HINTS = 3
Line = Annotated[str, Field(min_length=1, max_length=LINE)]
Prose = Annotated[str, Field(min_length=1, max_length=4000)]
Code = Annotated[str, Field(min_length=1, max_length=10_000)]


class Strict(BaseModel):
    """Refuses keys that it doesn't know: a misspelt one would silently be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Strict):
    """One choice; `why` tells whoever picks a wrong one what is wrong with it."""

    text: Line
    right: bool = False
    why: str = Field("", max_length=LINE)


class ChoiceContent(Strict):
    type: Literal["multiple_choice"]
    choices: Annotated[list[Choice], Field(min_length=3, max_length=6)]

    @model_validator(mode="after")
    def one_is_right(self) -> Self:
        right = sum(choice.right for choice in self.choices)
        if right != 1:
            raise ValueError(f"one choice must be right, {right} are")
        if any(not choice.right and not choice.why for choice in self.choices):
            raise ValueError("every wrong choice needs a `why`")
        return self

    @property
    def right(self) -> int:
        """The position of the right one."""
        return next(i for i, choice in enumerate(self.choices) if choice.right)


class Point(Strict):
    """One thing that a full answer says, and what counts as saying it."""

    point: Line
    accepts: Annotated[list[Line], Field(min_length=1, max_length=8)]
    terms: list[Annotated[list[Line], Field(min_length=1)]] = []
    refutes: list[Line] = []
    weight: Annotated[int, Field(ge=1, le=10)] = 1


class ShortContent(Strict):
    type: Literal["short_answer"]
    reference: Prose
    rubric: Annotated[list[Point], Field(min_length=1, max_length=8)]


class ClozeContent(Strict):
    """A passage with one gap; `[[answer]]` marks it in the bank's files."""

    type: Literal["cloze"]
    passage: Prose
    accept: list[Line] = []
    tolerance: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def one_gap(self) -> Self:
        if self.passage.count("[[") != 1 or self.passage.count("]]") != 1 or not self.answer:
            raise ValueError("the passage needs one gap, written [[answer]]")
        return self

    @property
    def answer(self) -> str:
        return self.passage.partition("[[")[2].partition("]]")[0].strip()

    @property
    def gapped(self) -> str:
        """The passage as the learner sees it."""
        before, _, rest = self.passage.partition("[[")
        return f"{before}____{rest.partition(']]')[2]}"


class Case(Strict):
    """One test of a coding exercise: a call with literal arguments, and its literal result."""

    name: Line
    call: Line
    expected: Annotated[str, Field(min_length=1, max_length=4000)]
    tolerance: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def literals(self) -> Self:
        try:
            _ = self.function, self.args, self.kwargs, self.value
        except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
            raise ValueError(f"no literal of Python: {error}") from error
        return self

    def _call(self) -> ast.Call:
        node = expression(self.call)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ValueError(f"not a call of a function: {self.call}")
        return node

    @property
    def function(self) -> str:
        func = self._call().func
        assert isinstance(func, ast.Name)
        return func.id

    @property
    def args(self) -> list[Any]:
        return [ast.literal_eval(arg) for arg in self._call().args]

    @property
    def kwargs(self) -> dict[str, Any]:
        return {k.arg: ast.literal_eval(k.value) for k in self._call().keywords if k.arg}

    @property
    def value(self) -> Any:
        return literal(self.expected)


class CodingContent(Strict):
    type: Literal["coding"]
    entry_point: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=60)]
    starter: Code
    solution: Code
    tests: Annotated[list[Case], Field(min_length=3, max_length=20)]

    @model_validator(mode="after")
    def tests_call_it(self) -> Self:
        for case in self.tests:
            if case.function != self.entry_point:
                raise ValueError(f"{case.name!r} calls {case.function}, not {self.entry_point}")
        return self


AnyContent = ChoiceContent | ShortContent | ClozeContent | CodingContent
Content = Annotated[AnyContent, Field(discriminator="type")]


class Item(Strict):
    """An exercise on its way into the database, from the bank or from a maker."""

    slug: Slug
    topic: Slug
    level: Level
    prompt: Prose
    explanation: Prose
    hints: Annotated[list[Line], Field(min_length=HINTS, max_length=HINTS)]
    resource: str = ""
    content: Content


class Malformed(Exception):
    """An exercise whose shape is wrong: what is wrong, field by field."""


COMMON = frozenset(Item.model_fields) - {"content"}
DEFAULT_PROMPTS = {"cloze": "Fill in the gap."}


def read_item(raw: dict[str, Any]) -> Item:
    """The exercise in one table of a bank file. Raises `Malformed`."""
    common = {key: value for key, value in raw.items() if key in COMMON}
    content = {key: value for key, value in raw.items() if key not in COMMON}
    common.setdefault("prompt", DEFAULT_PROMPTS.get(str(raw.get("type")), ""))
    for code in ("starter", "solution"):
        if isinstance(content.get(code), str):
            content[code] = content[code].strip() + "\n"
    if isinstance(common["prompt"], str):
        common["prompt"] = common["prompt"].strip()
    return make_item(**common, content=content)


def make_item(**values: Any) -> Item:
    """The exercise with these fields, `content` among them. Raises `Malformed`."""
    try:
        return Item.model_validate(values)
    except ValidationError as error:
        raise Malformed("; ".join(_sentences(error))) from error


def read_content(raw: dict[str, Any]) -> AnyContent:
    """`Exercise.content` as what it is. Raises `Malformed`."""
    try:
        return _Kept.model_validate({"content": raw}).content
    except ValidationError as error:
        raise Malformed("; ".join(_sentences(error))) from error


class _Kept(Strict):
    content: Content


def _sentences(error: ValidationError) -> Iterable[str]:
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"] if part != "content")
        sent = repr(fault["input"])
        shown = f" ({sent[:80]} was given)" if fault["type"] != "missing" else ""
        yield f"{where}: {fault['msg']}{shown}"


def content_hash(prompt: str, hints: Sequence[str], content: dict[str, Any]) -> str:
    """SHA-256 of what a proof is about: another prompt, hint or key wants another proof."""
    proven = json.dumps([prompt, list(hints), content], sort_keys=True)
    return hashlib.sha256(proven.encode()).hexdigest()
