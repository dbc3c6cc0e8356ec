"""What is loaded from files is published with its proof; what staff decided stays."""

import pytest
from django.core.management import CommandError, call_command

from exercises import banking
from exercises.checking import storing
from exercises.content import content_hash, read_item
from exercises.models import Exercise, ExerciseState, Source
from exercises.services import curation
from tests.exercises.conftest import Bank
from tests.exercises.items import CHOICE, CLOZE, CODING, changed


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
        now = content_hash(exercise.prompt, exercise.hints, exercise.content)
        assert proof.content_hash == now
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


def test_what_staff_changed_stays_as_they_left_it(
    topic: None, bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_bank", folder := bank(CLOZE, CHOICE))
    changed_one = Exercise.objects.get(slug=CLOZE["slug"])
    changed_one.explanation = "In our words."
    curation.save(changed_one)
    capsys.readouterr()
    call_command("load_bank", folder)
    assert "1 unchanged, 1 kept as staff changed them" in capsys.readouterr().out
    changed_one.refresh_from_db()
    assert changed_one.explanation == "In our words."
    call_command("load_bank", folder, restore=[CLOZE["slug"]])
    changed_one.refresh_from_db()
    assert changed_one.explanation == CLOZE["explanation"]
    assert changed_one.source == Source.BANK
    with pytest.raises(CommandError, match="--restore: .* has no no-such-one"):
        call_command("load_bank", folder, restore=["no-such-one"])


# --- Twins in the database ---------------------------------------------------------------------
def test_a_gap_is_the_same_though_its_twin_has_no_vector(topic: None, bank: Bank) -> None:
    call_command("load_bank", bank(CLOZE))
    Exercise.objects.update(vector=None, vector_digest="")
    item = read_item(changed(CLOZE, slug="again"))
    with_a_vector = storing.InDatabase("a digest").nearest(item, [0.1] * 384)
    assert [twin.slug for twin in with_a_vector] == [CLOZE["slug"]]
    without = storing.InDatabase("").nearest(item, None)
    assert [(twin.slug, twin.cosine) for twin in without] == [(CLOZE["slug"], None)]


def test_a_vector_of_another_model_is_not_compared(topic: None, bank: Bank) -> None:
    call_command("load_bank", bank(CLOZE))
    Exercise.objects.update(vector_digest="another")
    item = read_item(changed(CLOZE, slug="again"))
    (twin,) = storing.InDatabase("a digest").nearest(item, [0.1] * 768)
    assert twin.cosine is None
