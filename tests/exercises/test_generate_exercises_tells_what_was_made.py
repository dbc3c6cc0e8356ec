"""`manage.py generate_exercises`: what was made, and why the rest was not."""

import json
from io import StringIO
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command

from exercises.generation import capability
from exercises.models import Exercise
from learning_assistant import ollama
from tests.exercises.test_code_makes_choices_and_gaps import papers  # noqa: F401
from tests.exercises.writing import Author, choice, passage
from tests.scripted import Script

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def run(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("generate_exercises", *args, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.mark.usefixtures("papers")
def test_it_says_what_the_model_may_do() -> None:
    assert "smollm2:135m was tested" in run()
    assert "may not make whole exercises" in run("--examine")
    assert "was tested" not in run()


@pytest.fixture
def unable(valkey: redis.Redis) -> None:
    """The model's examination, which takes seconds, is behind it."""
    capability._examined.keep(ollama.digest_of(settings.CHAT_MODEL), False)


@pytest.mark.usefixtures("papers", "unable")
class TestWithoutACapableModel:
    def test_it_counts_what_was_made_and_why_the_rest_was_not(self) -> None:
        said = run("--type", "cloze", "--count", "5")
        assert "1 published" in said
        assert "dropped: " in said
        assert Exercise.objects.get().type == "cloze"

    def test_no_more_than_were_asked_for(self) -> None:
        run("--type", "multiple_choice", "--count", "2")
        assert Exercise.objects.count() == 2

    def test_a_dry_run_stores_nothing(self) -> None:
        assert "proven" in run("--dry-run")
        assert not Exercise.objects.exists()

    def test_json_has_a_line_for_each_passage(self) -> None:
        lines = [json.loads(line) for line in run("--json", "--dry-run").splitlines()]
        made = [line for line in lines if line["outcome"] in ("proven", "published")]
        assert made and all(line["exercise"]["prompt"] and line["by"] == "code" for line in made)
        assert all(line["reason"] for line in lines if line not in made)
        assert all(line["seconds"] >= 0 for line in lines)

    def test_only_the_topic_and_level_that_were_asked_for(self) -> None:
        run("--topic", "model-efficiency", "--level", "beginner")
        assert not Exercise.objects.exists()
        run("--topic", "model-efficiency", "--level", "advanced")
        assert Exercise.objects.exists()

    @pytest.mark.parametrize(
        ("args", "sentence"),
        [
            (("--topic", "cooking"), "there is no topic 'cooking'"),
            (("--count", "0"), "--count must be 1 or more, 0 was given"),
            (("--type", "coding"), "only a model that has passed the test makes coding"),
        ],
    )
    def test_what_cannot_be_done_is_one_sentence(
        self, args: tuple[str, ...], sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence):
            run(*args)


def test_without_an_index_it_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="load_catalogue"):
        run()


def test_a_capable_model_makes_all_types(model_server: Script, valkey: redis.Redis) -> None:
    passage()
    model_server.says = Author([json.dumps(choice())])
    said = run("--type", "multiple_choice")
    assert "may make whole exercises" in said
    assert "1 published" in said
