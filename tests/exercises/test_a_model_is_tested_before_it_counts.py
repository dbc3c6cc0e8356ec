"""Whether a chat model may make exercises is found out once, with items of the bank."""

import json
from typing import Any

import pytest
import redis
from django.conf import settings

from exercises.checking.asking import Asker
from exercises.generation import capability
from learning_assistant import ollama
from tests.exercises.writing import Author
from tests.scripted import Script


def asker() -> Asker:
    return Asker(settings.CHAT_MODEL, ollama.digest_of(settings.CHAT_MODEL))


def test_the_embedded_model_does_not_pass(valkey: redis.Redis) -> None:
    assert capability.examine(asker()) is False
    assert capability.able(asker().digest) is False


def test_one_that_knows_the_answers_passes_and_is_remembered(
    model_server: Script, valkey: redis.Redis
) -> None:
    author = model_server.says = Author()
    assert capability.able(asker().digest) is None
    assert capability.examine(asker()) is True
    assert author.solved == 2 * capability.QUESTIONS
    assert capability.able(asker().digest) is True


def test_another_model_under_the_same_name_is_another_model(
    model_server: Script, valkey: redis.Redis
) -> None:
    model_server.says = Author()
    capability.examine(asker())
    model_server.digests["smollm2:135m"] = "another"
    ollama.digest_of._asked_at = float("-inf")
    assert capability.able(asker().digest) is None


@pytest.mark.parametrize("said", ['{"answer": 1}', '{"answer": 9}', "no JSON", "[]"])
def test_who_always_says_the_same_does_not_pass(
    said: str, model_server: Script, valkey: redis.Redis
) -> None:
    model_server.says = lambda asked: said
    assert capability.examine(asker()) is False


def test_the_key_is_not_shown(model_server: Script, valkey: redis.Redis) -> None:
    asked: list[dict[str, Any]] = []

    def says(question: dict[str, Any]) -> str:
        asked.append(question)
        return '{"answer": 2}'

    model_server.says = says
    capability.examine(asker())
    for question in asked:
        shown = json.loads(question["messages"][1]["content"])
        assert set(shown) == {"question", "choices", "reply"}
        assert "why" not in json.dumps(shown["choices"]).split('"')


def test_a_model_that_is_away_is_neither(no_model_server: None, valkey: redis.Redis) -> None:
    with pytest.raises(ollama.ModelUnavailable):
        capability.examine(Asker("smollm2:135m", "digest"))
    assert capability.able("digest") is None
