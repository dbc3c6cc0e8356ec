"""Planted faults are refused by name."""

import pytest

from exercises.checking.proving import prove
from exercises.checking.twins import InMemory
from exercises.content import Malformed, read_item
from tests.exercises.items import CHOICE, CLOZE, CODING, SHORT, changed

ALL = [CHOICE, CODING, CLOZE, SHORT]


def faults(raw: dict[str, object], *others: dict[str, object]) -> str:
    known = InMemory()
    for other in others:
        known.add(read_item(other), None)
    return "; ".join(prove(read_item(raw), None, known).faults)


@pytest.mark.parametrize("raw", ALL, ids=lambda raw: raw["type"])
def test_a_sound_exercise_passes(services: None, raw: dict[str, object]) -> None:
    assert faults(raw) == ""


PLANTED = {
    "a wrong key": (
        changed(CODING, solution=str(CODING["solution"]).replace("2 * x", "3 * x")),
        "the reference passes: a number: expected 6, got 9",
    ),
    "a solution that breaks": (
        changed(CODING, solution="def double_positive(x):\n    return y\n"),
        "NameError in line 2",
    ),
    "a solution that never ends": (
        changed(CODING, solution="def double_positive(x):\n    while True:\n        x += 1\n"),
        "it did not end in time",
    ),
    "a passing starter": (
        changed(CODING, starter=CODING["solution"]),
        "the starter fails: it passes every test",
    ),
    "tests that let mistakes through": (
        changed(
            CODING,
            tests=[
                {"name": f"below zero {n}", "call": f"double_positive(-{n})", "expected": "0"}
                for n in (1, 2, 3)
            ],
        ),
        "mistakes are caught",
    ),
    "the solution in the prompt": (
        changed(CODING, prompt=f"Write this:\n\n{CODING['solution']}"),
        "no leak: 3 lines of the solution stand in the prompt",
    ),
    "the answer in a hint": (
        changed(CLOZE, hints=["A number.", "Two words.", "It is the learning rate."]),
        "no leak: 'learning rate' stands in hint 3",
    ),
    "the answer twice in the passage": (
        changed(CLOZE, passage="The [[learning rate]] is small; a learning rate of 1 is large."),
        "no leak: 'learning rate' stands in the passage",
    ),
    "a gap in nothing": (changed(CLOZE, passage="It is the [[learning rate]]."), "recoverable"),
    "the same choice twice": (
        changed(
            CHOICE,
            choices=[*CHOICE["choices"], {"text": "along the gradient!", "why": "As above."}],  # type: ignore[misc]
        ),
        "choices differ: 'along the gradient' stands there twice",
    ),
    "a choice that leans on the others": (
        changed(
            CHOICE,
            choices=[*CHOICE["choices"], {"text": "All of the above", "why": "Only one is."}],  # type: ignore[misc]
        ),
        "choices stand alone",
    ),
    "a right choice that is much the longest": (
        changed(
            CHOICE,
            choices=[
                {"text": "Against the gradient, since that is where the loss falls", "right": True},
                {"text": "Along it", "why": "No."},
                {"text": "Across it", "why": "No."},
            ],
        ),
        "the right choice is much the longest",
    ),
    "a reference that misses a point": (
        changed(SHORT, reference="The gradient points uphill, to where the loss grows fastest."),
        "the reference passes: it misses: the learning rate sets the length of a step",
    ),
    "another language": (
        changed(
            CHOICE,
            prompt="In welche Richtung bewegt der Gradientenabstieg die Gewichte eines Netzes?",
            explanation="Der Gradient zeigt dorthin, wo der Verlust wächst, also geht es zurück.",
        ),
        "language",
    ),
    "the same hint twice": (
        changed(CHOICE, hints=["Turn round.", "turn round", "Think."]),
        "shape: two hints are the same",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_refused_by_name(services: None, fault: str) -> None:
    raw, told = PLANTED[fault]
    assert told in faults(raw)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (changed(CHOICE, choices=CHOICE["choices"][1:] * 2), "one choice must be right, 0 are"),  # type: ignore[index]
        (changed(CHOICE, hint="typo"), "hint: Extra inputs are not permitted"),
        (changed(CHOICE, level="expert"), "level"),
        (changed(CHOICE, hints=["one"]), "hints: List should have at least 3 items"),
        (changed(CLOZE, passage="No gap at all in this passage."), "one gap"),
        (
            changed(
                CODING, tests=[{"name": "a", "call": "double_positive(x)", "expected": "1"}] * 3
            ),
            "tests.0",
        ),
        (
            changed(CODING, tests=[{"name": "a", "call": "halve(1)", "expected": "1"}] * 3),
            "'a' calls halve, not double_positive",
        ),
    ],
)
def test_a_wrong_shape_is_told_by_field(raw: dict[str, object], told: str) -> None:
    with pytest.raises(Malformed, match=told.replace("(", r"\(")):
        read_item(raw)


def test_an_exercise_is_refused_twice(services: None) -> None:
    again = changed(CLOZE, slug="another-name")
    assert "no duplicate: the same as name-of-the-step-size" in faults(again, CLOZE)
    nearly = changed(
        CHOICE, slug="nearly", prompt="In which direction does gradient descent move all weights?"
    )
    assert "of the words of sign-of-a-step" in faults(nearly, CHOICE)
