"""What staff change is proven again before anybody sees it, and taken back where that fails."""

import pytest
from django.core.management import call_command

from exercises.checking import storing
from exercises.content import Item, read_item
from exercises.models import Exercise, ExerciseState
from exercises.services import curation
from exercises.tasks import prove_exercise
from tests.exercises.conftest import Bank
from tests.exercises.items import CLOZE


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


def test_a_changed_hint_is_proven_again(published: Exercise) -> None:
    published.hints = [*published.hints[:2], "It is the learning rate."]
    assert curation.save(published)
    prove_exercise(published.pk)
    published.refresh_from_db()
    assert published.state == ExerciseState.DRAFT


def test_a_row_of_another_shape_fails_its_proof(published: Exercise) -> None:
    Exercise.objects.update(hints=["a" * 401, "b", "c"])
    prove_exercise(published.pk)
    proof = published.proofs.first()
    assert proof is not None
    assert not proof.passed
    assert "hints.0" in proof.checks[0]["detail"]


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
    item: Item = storing.item_of(published)
    assert item == read_item(CLOZE)
