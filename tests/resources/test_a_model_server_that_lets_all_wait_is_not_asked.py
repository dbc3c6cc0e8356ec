"""After a row of calls in vain learners get their answer at once, until the server is back."""

from typing import Any

import pytest
import redis

from learning_assistant import pacing
from resources.models import IndexVersion
from resources.rag import advising, query_vectors
from resources.rag.advising import advise
from tests.resources.making import add, index
from tests.resources.test_what_was_asked_before_is_remembered import ADVICE, RESOURCE, SENTENCE
from tests.scripted import Script


@pytest.fixture
def frozen(model_server: Script, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Takes each question and says nothing. How slow it is keeps nobody from asking."""
    monkeypatch.setattr(pacing, "RETRY_S", 0.0)
    model_server.sentence, model_server.only, model_server.never = SENTENCE, "/api/chat", True
    return model_server


def ask_in_vain(times: int) -> None:
    for number in range(times):
        assert not advise(f"zebra {number}?", RESOURCE, 1.0).model_there


def calls(script: Script, path: str) -> int:
    return script.paths().count(path)


def test_it_is_not_asked_for_a_while_and_then_again(
    frozen: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_in_vain(6)
    assert calls(frozen, "/api/chat") == 6
    told = advise("zebras?", RESOURCE, 60.0)
    assert "not asked: the last 6 calls (advice) failed" in told.refused
    assert calls(frozen, "/api/chat") == 6
    frozen.never = False
    monkeypatch.setattr(advising._breaker, "_recovery_timeout", 0.0)  # the while is over
    assert advise("zebras?", RESOURCE, 3.0).advice == ADVICE
    monkeypatch.setattr(advising._breaker, "_recovery_timeout", 3)
    assert advise("okapis?", RESOURCE, 3.0).advice == ADVICE


def test_one_more_failure_keeps_it_off(frozen: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_vain(6)
    monkeypatch.setattr(advising._breaker, "_recovery_timeout", 0.0)
    ask_in_vain(1)
    monkeypatch.setattr(advising._breaker, "_recovery_timeout", 3)
    assert "not asked" in advise("zebras?", RESOURCE, 3.0).refused


def test_an_answer_in_between_starts_the_count_anew(frozen: Script) -> None:
    ask_in_vain(5)
    frozen.never = False
    assert advise("zebras?", RESOURCE, 3.0).advice == ADVICE
    frozen.never = True
    ask_in_vain(5)
    assert calls(frozen, "/api/chat") == 11


def test_what_is_refused_at_once_does_not_count(frozen: Script) -> None:
    frozen.never, frozen.status = False, 503
    ask_in_vain(20)
    assert calls(frozen, "/api/chat") == 20


@pytest.mark.django_db
def test_searches_go_on_without_the_embedding(frozen: Script) -> None:
    add("Zebra stripes")
    version: IndexVersion = index()
    frozen.only = "/api/embed"
    vectors: list[Any] = [query_vectors.vector_of(version, f"q{n}", 0.05) for n in range(12)]
    before = calls(frozen, "/api/embed")
    assert vectors == [None] * 12
    assert query_vectors.vector_of(version, "another", 60.0) is None
    assert calls(frozen, "/api/embed") == before
