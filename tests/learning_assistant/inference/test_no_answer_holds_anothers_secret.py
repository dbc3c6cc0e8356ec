"""The canary: many callers at once, each with a secret word of their own."""

import re
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from learning_assistant import canary
from tests.conftest import forget_model_client
from tests.learning_assistant.inference.conftest import Start
from tests.scripted import Script

ANSWERS = 40


def test_the_embedded_server_keeps_its_callers_apart(start: Start, settings: Settings) -> None:
    parallel = start("--parallel", "4")
    forget_model_client()
    settings.OLLAMA_HOST = f"unix://{parallel.uds}"
    found = canary.sing(ANSWERS, 4)
    forget_model_client()
    assert (found.answers, found.leaks, found.failed) == (ANSWERS, [], [])
    assert found.own > ANSWERS / 2, "else it would tell nothing"


class Leaky:
    """Says what was asked, and now and then what somebody else asked before."""

    def __init__(self, every: int) -> None:
        self.every, self.heard, self.lock = every, [""], threading.Lock()

    def __call__(self, asked: dict[str, Any]) -> str:
        (word,) = set(re.findall(r"word is (\w+)", asked["messages"][-1]["content"]))
        with self.lock:
            self.heard.append(word)
            leaks = len(self.heard) % self.every == 0
            return f"My secret word is {self.heard[-2] if leaks else word}."


def test_a_leak_is_seen(
    model_server: Script, services: None, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    model_server.says = Leaky(every=5)
    with pytest.raises(CommandError, match="mixes up its callers"):
        call_command("doctor", canary=20)
    assert re.search(r"20 answers in \d+ s, 1[67] with their own word, [34] with another's", (
        capsys.readouterr().out
    ))  # fmt: skip


def test_answers_without_any_word_tell_nothing(model_server: Script, valkey: object) -> None:
    model_server.sentence = "I can't help with that."
    found = canary.sing(5, 2)
    assert (found.answers, found.own, found.leaks) == (5, 0, [])


def test_no_secret_is_part_of_another() -> None:
    words = canary.secret_words(500)
    assert len(set(words)) == 500
    assert {len(word) for word in words} == {10}
