"""Multiple choice and cloze are marked by their key, at once: no model, no worker, pure.

The order in which choices are shown is a function of the exercise's slug alone, so that the right
one is not always the same letter and an answer means the same thing each time.
"""

import hashlib
import re
from dataclasses import dataclass
from fractions import Fraction

from exercises import wording
from exercises.content import ChoiceContent, ClozeContent
from exercises.marks import Mark
from exercises.models import Verdict

LETTERS = "abcdef"
KEY = "key"
SHORTEST_WITH_SLIP = 5
# One letter apart and not the same thing.
_NEVER_A_SLIP = [("micro", "macro"), ("intra", "inter"), ("ante", "anti"), ("hypo", "hyper")]
_RELATIVE = Fraction(1, 10**9)


class NoSuchChoice(Exception):
    """The answer is none of the choices; the message says which there are."""


@dataclass(frozen=True)
class Shown:
    """A choice as the learner sees it."""

    id: str
    text: str


def order(slug: str, count: int) -> list[int]:
    """The positions of *count* choices in the order in which they are shown."""
    return sorted(range(count), key=lambda i: hashlib.sha256(f"{slug}:{i}".encode()).digest())


def choices(slug: str, content: ChoiceContent) -> list[Shown]:
    return [
        Shown(LETTERS[place], content.choices[position].text)
        for place, position in enumerate(order(slug, len(content.choices)))
    ]


def right_choice(slug: str, content: ChoiceContent) -> str:
    """The id of the right one. Part of the key."""
    return LETTERS[order(slug, len(content.choices)).index(content.right)]


def chosen(slug: str, content: ChoiceContent, answer: str) -> int:
    """The position of the choice that *answer* names by its id (`b`, `B)`) or by its text.

    Raises `NoSuchChoice`.
    """
    positions = order(slug, len(content.choices))
    given = wording.plain(answer)
    for position in positions:
        if wording.plain(content.choices[position].text) == given:
            return position
    letter = re.fullmatch(r"\(?([a-z])[).:]?", given)
    if letter and letter[1] in LETTERS[: len(positions)]:
        return positions[LETTERS.index(letter[1])]
    ids = ", ".join(LETTERS[: len(positions)])
    raise NoSuchChoice(f"must be one of {ids}, or a choice's text; {answer[:100]!r} was sent")


def mark_choice(slug: str, content: ChoiceContent, answer: str) -> Mark:
    """Raises `NoSuchChoice`."""
    choice = content.choices[chosen(slug, content, answer)]
    if choice.right:
        return Mark(Verdict.PASSED, 1.0, f"Right: {choice.text}", KEY)
    step = "Look at the other choices again with this in mind, or take a hint."
    return Mark(Verdict.FAILED, 0.0, f"Not quite. {choice.why} {step}", KEY)


def mark_cloze(content: ClozeContent, answer: str) -> Mark:
    keys = [content.answer, *content.accept]
    if any(_matches(key, answer, content.tolerance) for key in keys):
        return Mark(Verdict.PASSED, 1.0, f"Right: “{content.answer}”.", KEY)
    slip = next((key for key in keys if _one_slip(key, answer)), None)
    if slip is not None:
        feedback = f"Right, with a typing error: it is written “{slip}”."
        return Mark(Verdict.PASSED, 1.0, feedback, KEY)
    return Mark(Verdict.FAILED, 0.0, _what_is_wrong(content, answer), KEY)


def _what_is_wrong(content: ClozeContent, answer: str) -> str:
    given = " ".join(answer.split())
    shown = f"“{given}”" if len(given) <= 60 else "Your answer"
    number = wording.numbers(wording.plain(content.answer))
    if number and not wording.numbers(wording.plain(answer)):
        step = "A number is asked for: work it out from the passage, or take a hint."
    elif number:
        step = "Check the numbers of the passage and the unit, or take a hint."
    elif len(wording.words(wording.plain(answer))) > 6:
        step = "One term is enough: read what stands before and after the gap, or take a hint."
    else:
        step = "Read what stands before and after the gap once more, or take a hint."
    return f"{shown} does not fit the gap. {step}"


def _matches(key: str, answer: str, tolerance: float | None) -> bool:
    wanted, given = wording.plain(key), wording.plain(answer)
    if wanted == given:
        return True
    numbers = wording.numbers(wanted)
    if numbers:
        # Who was asked for "75 %" may leave the sign out, as any other unit may be put in.
        bare = wording.numbers(wanted.rstrip("% ")) if wanted.endswith("%") else numbers
        given_number = wording.numbers(wording.without_unit(given))
        return _near(numbers, given_number, tolerance) or (
            "%" not in given and _near(bare, given_number, tolerance)
        )
    if wording.is_formula(wanted):
        return wanted.replace(" ", "") == given.replace(" ", "").strip("$.")
    if wording.is_formula(given.strip('.()[]"')):
        return False
    # Joined: "over-fitting", "over fitting" and "overfitting" are one.
    one, other = wording.words(wanted), wording.words(given)
    return bool(one) and (
        "".join(one) == "".join(other)
        or [wording.stem(w) for w in one] == [wording.stem(w) for w in other]
        or wording.stem("".join(one)) == wording.stem("".join(other))
    )


def _near(wanted: set[Fraction], given: set[Fraction], tolerance: float | None) -> bool:
    return any(
        abs(a - b) <= (Fraction(tolerance) if tolerance is not None else 0) + _RELATIVE * abs(a)
        for a in wanted
        for b in given
    )


def _one_slip(key: str, answer: str) -> bool:
    """Whether *answer* is *key* but for one typing error in a word of five letters or more."""
    wanted, given = wording.plain(key), wording.plain(answer)
    if wording.numbers(wanted) or wording.is_formula(wanted) or wording.is_formula(given):
        return False
    one, other = wording.words(wanted), wording.words(given)
    if len(one) != len(other):
        one, other = ["".join(one)], ["".join(other)]
    apart = [(a, b) for a, b in zip(one, other, strict=True) if wording.stem(a) != wording.stem(b)]
    if len(apart) != 1:
        return False
    a, b = apart[0]
    return (
        len(a) >= SHORTEST_WITH_SLIP
        and a.isalpha()
        and b.isalpha()
        and wording.one_slip_apart(a.removesuffix("s"), b.removesuffix("s"))
        and not _differ_in_meaning(a, b)
    )


def _differ_in_meaning(one: str, other: str) -> bool:
    return any(
        (one.startswith(a) and other.startswith(b)) or (one.startswith(b) and other.startswith(a))
        for a, b in _NEVER_A_SLIP
    )
