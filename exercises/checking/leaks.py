"""No answer stands in what the learner sees before answering."""

from collections.abc import Iterator

from exercises.checking.results import Check, check
from exercises.checking.words import holds, likeness, plain
from exercises.content import (
    ChoiceContent,
    ClozeContent,
    CodingContent,
    Item,
    ShortContent,
)

TELLING_WORDS = 4  # a phrase so long that it can't stand there by chance
SAME = 0.85
LINES_IN_A_ROW = 3


def leaks(item: Item) -> Check:
    return check("no leak", *_leaks(item))


def _leaks(item: Item) -> Iterator[str]:
    match item.content:
        case ChoiceContent():
            yield from _choice(item, item.content)
        case ClozeContent():
            yield from _cloze(item, item.content)
        case ShortContent():
            yield from _short(item, item.content)
        case CodingContent():
            yield from _coding(item, item.content)


def _choice(item: Item, content: ChoiceContent) -> Iterator[str]:
    right = content.choices[content.right].text
    wrong = [choice.text for choice in content.choices if not choice.right]
    if len(plain(right).split()) >= TELLING_WORDS:
        for place, text in _shown(item):
            if holds(text, right):
                yield f"the right choice stands in {place}"
    longest = max(len(text) for text in wrong)
    if len(right) > max(1.5 * longest, longest + 12):
        yield f"the right choice is much the longest ({len(right)} characters, {longest} the next)"


def _cloze(item: Item, content: ClozeContent) -> Iterator[str]:
    for answer in (content.answer, *content.accept):
        for place, text in (("the passage", content.gapped), *_shown(item)):
            if holds(text, answer):
                yield f"{answer!r} stands in {place}"


def _short(item: Item, content: ShortContent) -> Iterator[str]:
    for place, text in _shown(item):
        if holds(text, content.reference) or likeness(text, content.reference) > SAME:
            yield f"the reference stands in {place}"


def _coding(item: Item, content: CodingContent) -> Iterator[str]:
    solution = _code_lines(content.solution)
    runs = [solution[i : i + LINES_IN_A_ROW] for i in range(1, len(solution) - LINES_IN_A_ROW + 1)]
    for place, text in _shown(item):
        lines = _code_lines(text)
        windows = [lines[i : i + LINES_IN_A_ROW] for i in range(len(lines))]
        if any(run in windows for run in runs):
            yield f"{LINES_IN_A_ROW} lines of the solution stand in {place}"


def _shown(item: Item) -> Iterator[tuple[str, str]]:
    yield "the prompt", item.prompt
    for number, hint in enumerate(item.hints, start=1):
        yield f"hint {number}", hint


def _code_lines(text: str) -> list[str]:
    lines = ("".join(line.partition("#")[0].split()) for line in text.splitlines())
    return [line for line in lines if line]
