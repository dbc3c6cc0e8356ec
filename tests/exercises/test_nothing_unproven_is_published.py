"""Planted faults are refused by name; what is published carries a proof of what it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from exercises import banking
from exercises.checking.proving import prove
from exercises.checking.twins import InMemory
from exercises.content import Item, Malformed, content_hash, read_item
from exercises.models import Exercise, ExerciseState
from exercises.services import curation
from exercises.tasks import prove_exercise
from tests.exercises import making

CHOICE = {
    "slug": "sign-of-a-step",
    "type": "multiple_choice",
    "topic": "optimization",
    "level": "beginner",
    "prompt": "In which direction does gradient descent move the weights?",
    "choices": [
        {"text": "Against the gradient", "right": True},
        {"text": "Along the gradient", "why": "That makes the loss larger."},
        {"text": "Across the gradient", "why": "That leaves the loss as it is."},
    ],
    "explanation": "The gradient points to where the loss grows, so the step goes the other way.",
    "hints": ["What is to become smaller?", "Where does the gradient point?", "Turn it round."],
}
CODING = {
    "slug": "double-a-number",
    "type": "coding",
    "topic": "optimization",
    "level": "beginner",
    "entry_point": "double_positive",
    "prompt": "Write a function that doubles a number above zero and returns zero for all others.",
    "starter": "def double_positive(x: int) -> int:\n    return x\n",
    "solution": (
        "def double_positive(x: int) -> int:\n    if x > 0:\n        return 2 * x\n    return 0\n"
    ),
    "tests": [
        {"name": "a number", "call": "double_positive(3)", "expected": "6"},
        {"name": "one", "call": "double_positive(1)", "expected": "2"},
        {"name": "below zero", "call": "double_positive(-2)", "expected": "0"},
    ],
    "explanation": "Twice the number where it is above zero, and nothing otherwise.",
    "hints": ["Two cases.", "Compare with zero first.", "Return early in one of them."],
}
CLOZE = {
    "slug": "name-of-the-step-size",
    "type": "cloze",
    "topic": "optimization",
    "level": "beginner",
    "passage": "How far gradient descent moves in each step is set by the [[learning rate]].",
    "accept": ["step size"],
    "explanation": "It is multiplied with the gradient before that is subtracted.",
    "hints": ["A number that you choose.", "Two words.", "The second word is rate."],
}
SHORT = {
    "slug": "why-against-it",
    "type": "short_answer",
    "topic": "optimization",
    "level": "beginner",
    "prompt": "What does the gradient tell, and what is the learning rate for?",
    "reference": (
        "The gradient points uphill, to where the loss grows fastest. "
        "The learning rate sets how long each step is."
    ),
    "rubric": [
        {
            "point": "the gradient points to where the loss grows fastest",
            "accepts": ["the gradient points uphill", "the gradient shows the steepest ascent"],
            "terms": [["point", "show", "tell"], ["uphill", "grow", "ascent", "increase"]],
            "refutes": ["the gradient points to the minimum"],
        },
        {
            "point": "the learning rate sets the length of a step",
            "accepts": ["the learning rate controls how far each update goes"],
            "terms": [["step", "update", "move"], ["long", "length", "size", "far", "big"]],
            "refutes": ["the learning rate is how many steps are taken"],
        },
    ],
    "explanation": "The gradient is the direction of steepest ascent.",
    "hints": ["Picture a hill.", "Where does it lead on that hill?", "And how far do you walk?"],
}
ALL = [CHOICE, CODING, CLOZE, SHORT]


def faults(raw: dict[str, object], *others: dict[str, object]) -> str:
    known = InMemory()
    for other in others:
        known.add(read_item(other), None)
    return "; ".join(prove(read_item(raw), None, known).faults)


def changed(raw: dict[str, object], **values: object) -> dict[str, object]:
    return {**raw, **values}


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


# --- The bank on its way into the database -----------------------------------------------------
Bank = Callable[..., Path]


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    def write(*items: dict[str, object], more: str = "") -> Path:
        (tmp_path / "bank.toml").write_text("\n".join(map(_toml, items)) + more)
        return tmp_path

    return write


def _toml(raw: dict[str, object]) -> str:
    return "[[exercise]]\n" + "\n".join(f"{key} = {_value(value)}" for key, value in raw.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return "'''\n" + value + "'''" if isinstance(value, str) and "\n" in value else repr(str(value))


@pytest.fixture
def topic(db: None) -> None:
    making.topic("optimization")


def test_what_is_loaded_is_published_with_its_proof(
    topic: None, bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bank(CHOICE, CLOZE)
    call_command("load_bank", folder)
    assert "2 loaded" in capsys.readouterr().out
    for exercise in Exercise.objects.all():
        assert exercise.state == ExerciseState.PUBLISHED
        proof = exercise.proofs.get()
        assert proof.passed
        assert proof.content_hash == content_hash(exercise.prompt, exercise.content)
        assert {check["name"] for check in proof.checks} >= {"shape", "no leak", "no duplicate"}
    call_command("load_bank", folder)
    assert "2 unchanged" in capsys.readouterr().out


def test_a_broken_one_does_not_stop_the_others(
    topic: None, bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bank(changed(CODING, starter=CODING["solution"]), CLOZE)
    with pytest.raises(CommandError, match="1 were refused, the rest is published"):
        call_command("load_bank", folder)
    assert "bank.toml: double-a-number: the starter fails" in capsys.readouterr().err
    assert [e.slug for e in Exercise.objects.all()] == ["name-of-the-step-size"]


def test_an_unreadable_file_is_named(bank: Bank) -> None:
    (folder := bank(CLOZE)).joinpath("broken.toml").write_text("[[exercise]\n")
    faulty = {entry.file: entry.fault for entry in banking.entries(folder)}
    assert faulty["bank.toml"] == ""
    assert faulty["broken.toml"].startswith("no TOML")


def test_a_slug_stands_for_one_exercise(bank: Bank) -> None:
    found = list(banking.entries(bank(CLOZE, CLOZE)))
    assert [entry.fault for entry in found] == ["", "there are two exercises name-of-the-step-size"]


def test_what_staff_retired_stays_retired(topic: None, bank: Bank) -> None:
    folder = bank(CLOZE)
    call_command("load_bank", folder)
    curation.retire(Exercise.objects.all())
    bank(changed(CLOZE, explanation="Another explanation of the same thing."))
    call_command("load_bank", folder)
    assert Exercise.objects.get().state == ExerciseState.RETIRED


# --- Staff --------------------------------------------------------------------------------------
@pytest.fixture
def published(topic: None, bank: Bank) -> Exercise:
    call_command("load_bank", bank(CLOZE))
    return Exercise.objects.get()


def test_an_edited_key_is_proven_again_before_anybody_sees_it(published: Exercise) -> None:
    published.content = {**published.content, "accept": ["step size", "step length"]}
    assert curation.save(published)
    assert curation.publish([published]).unproven == [published.slug]
    prove_exercise(published.pk)
    published.refresh_from_db()
    assert published.state == ExerciseState.PROVEN
    assert curation.publish([published]).count == 1
    published.refresh_from_db()
    assert published.state == ExerciseState.PUBLISHED


def test_an_edit_that_leaks_the_answer_stays_a_draft(published: Exercise) -> None:
    published.prompt = "Fill in the gap; it is the learning rate."
    curation.save(published)
    prove_exercise(published.pk)
    published.refresh_from_db()
    assert published.state == ExerciseState.DRAFT
    assert not published.proofs.first().passed  # type: ignore[union-attr]
    assert curation.publish([published]).unproven == [published.slug]


def test_a_changed_explanation_keeps_the_proof(published: Exercise) -> None:
    published.explanation = "It scales the gradient."
    assert not curation.save(published)
    published.refresh_from_db()
    assert published.state == ExerciseState.PUBLISHED


def test_a_published_one_that_fails_anew_is_taken_back(published: Exercise) -> None:
    Exercise.objects.update(hints=["A number.", "Two words.", "The learning rate."])
    prove_exercise(published.pk)
    published.refresh_from_db()
    assert published.state == ExerciseState.DRAFT


def test_an_item_of_a_row_is_what_was_stored(published: Exercise) -> None:
    from exercises.checking.storing import item_of

    item: Item = item_of(published)
    assert item == read_item(CLOZE)
