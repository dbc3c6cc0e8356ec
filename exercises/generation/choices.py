"""Multiple choice by code: a description, its name, and the names of its neighbours by meaning.

A wrong choice is something of the same kind (a paper, a data set, a piece of software, a term) with
a description of its own, which says why it is wrong. That none of them fits as well is checked by
the distance between the descriptions, and by no description naming the other.
"""

from collections.abc import Iterator, Sequence

from exercises.checking.results import check
from exercises.checking.words import holds
from exercises.content import Choice, ChoiceContent, Item
from exercises.generation import phrases
from exercises.generation.drafts import Draft, Dropped, slug_of
from exercises.generation.names import Described
from exercises.generation.near import Near
from exercises.generation.text import stems

WRONG = 3
# Cosine between two descriptions: above, both may fit; below, nobody would take one for the other.
TOO_NEAR, TOO_FAR = 0.8, 0.3


def drafts(subject: Described, all_: Sequence[Described], near: Near) -> Iterator[Draft | Dropped]:
    """The exercise that asks for *subject*, or why there is none.

    Raises `ollama.ModelUnavailable`.
    """
    wrong = neighbours(subject, all_, near)
    if len(wrong) < WRONG:
        yield Dropped("too few neighbours", subject.passage)
        return
    content = ChoiceContent(
        type="multiple_choice",
        choices=[
            Choice(text=subject.name, right=True, why=""),
            *(Choice(text=other.name, why=phrases.why_not(other)) for other, _ in wrong),
        ],
    )
    passage = subject.passage
    item = Item(
        slug=slug_of("choice", passage, subject.name),
        topic=passage.topic,
        level=passage.level,
        prompt=phrases.choice_prompt(subject),
        explanation=phrases.choice_explanation(subject),
        hints=phrases.choice_hints(subject, [other for other, _ in wrong]),
        resource=passage.resource,
        content=content,
    )
    cosines = ", ".join(f"{other.name} {cosine:.2f}" for other, cosine in wrong)
    yield Draft(item, passage, [check("none of the others fits", seen=cosines)])


def neighbours(
    subject: Described, all_: Sequence[Described], near: Near
) -> list[tuple[Described, float]]:
    """The nearest that can stand beside *subject* without fitting its description."""
    others = {
        phrases.filled(other): other
        for other in all_
        if other.group == subject.group and other.passage.key != subject.passage.key
    }
    found: list[tuple[Described, float]] = []
    for text, cosine in near.ranked(phrases.filled(subject), list(others)):
        other = others[text]
        if cosine < TOO_FAR or len(found) == WRONG:
            break
        taken = [subject, *(one for one, _ in found)]
        if cosine <= TOO_NEAR and all(_apart(other, one) for one in taken):
            found.append((other, cosine))
    return found


def _apart(one: Described, other: Described) -> bool:
    """Neither names the other, nor is it another work under the same name."""
    return (
        not holds(phrases.filled(one), other.name)
        and not holds(phrases.filled(other), one.name)
        and not stems(one.name) & stems(other.name)
        and len(one.name) <= 2 * len(other.name) + 8
        and len(other.name) <= 2 * len(one.name) + 8
    )
