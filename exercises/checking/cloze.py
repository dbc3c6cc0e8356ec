"""Cloze: the gap can be filled from what is left, and by one thing only."""

from collections.abc import Iterator

from exercises.checking.results import Check, check
from exercises.checking.words import plain
from exercises.content import ClozeContent, Item
from exercises.marking import mark_cloze
from exercises.models import Verdict

CONTEXT = 6  # words without which no gap can be filled
LONGEST = 6  # words of an answer


def checks(item: Item, content: ClozeContent) -> Iterator[Check]:
    yield check("recoverable", *_recoverable(content))
    yield check("key", *_key(item, content))


def _recoverable(content: ClozeContent) -> Iterator[str]:
    around = len(plain(content.gapped.replace("____", " ")).split())
    if around < CONTEXT:
        yield f"{around} words are left around the gap, {CONTEXT} are needed"
    if len(content.answer.split()) > LONGEST:
        yield f"the answer has {len(content.answer.split())} words, at most {LONGEST} are fair"


def _key(item: Item, content: ClozeContent) -> Iterator[str]:
    """The grader itself must take the key, and nothing that is no answer."""
    for right in (content.answer, *content.accept):
        if mark_cloze(content, right).verdict != Verdict.PASSED:
            yield f"{right!r} is the key, and is marked wrong"
    for wrong in ("", "____", content.gapped, "I do not know"):
        if mark_cloze(content, wrong).verdict == Verdict.PASSED:
            yield f"{wrong!r} is marked right"
