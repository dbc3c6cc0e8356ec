"""A model that would not be done in time is not asked, and every few seconds tried again."""

from typing import Any

import pytest
import redis

from learning_assistant import pacing
from learning_assistant.pacing import Pace
from resources.rag.advising import Advice, advise
from tests.resources.test_what_was_asked_before_is_remembered import ADVICE, RESOURCE, SENTENCE
from tests.scripted import Script

IN_TIME_S = 0.6


@pytest.fixture
def model(model_server: Script, valkey: "redis.Redis") -> Script:
    model_server.sentence = SENTENCE
    return model_server


def ask(number: int) -> Advice:
    return advise(f"how do {number} zebras work?", RESOURCE, IN_TIME_S)


def chats(model: Script) -> int:
    return model.paths().count("/api/chat")


def test_after_two_that_were_cut_off_none_is_asked(model: Script) -> None:
    model.delay_s = 1.0
    refused = [ask(number) for number in range(4)]
    assert [r.advice for r in refused] == [""] * 4
    assert ["too slow" in r.refused for r in refused] == [False, False, True, True]
    assert chats(model) == 2


def test_it_is_asked_again_once_it_may_be_faster(
    model: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.delay_s = 1.0
    ask(1), ask(2)
    model.delay_s = 0.0
    assert "too slow" in ask(3).refused
    monkeypatch.setattr(pacing, "RETRY_S", 0.0)
    assert ask(4).advice == ADVICE
    monkeypatch.undo()
    assert [ask(number).advice for number in range(5, 9)] == [ADVICE] * 4


def test_more_at_once_may_be_too_slow_where_fewer_are_not() -> None:
    pace = Pace()
    for _ in range(10):
        pace.ended(1, 0.4)
        pace.ended(4, 1.6)
    told: dict[int, Any] = {n: pace.allows(n, 1.0) for n in (1, 3, 4, 5)}
    assert told == {1: True, 3: True, 4: False, 5: False}
    assert pace.allows(4, 2.0)


def test_times_that_vary_want_more_room() -> None:
    steady, varying = Pace(), Pace()
    for number in range(20):
        steady.ended(1, 0.8)
        varying.ended(1, 0.4 if number % 2 else 1.2)
    assert steady.allows(1, 1.1)
    assert not varying.allows(1, 1.1)


def test_one_is_tried_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace()
    monkeypatch.setattr(pacing, "RETRY_S", 0.0)
    pace.missed(1)
    pace.missed(1)
    assert pace.allows(2, 1.0)
    monkeypatch.setattr(pacing, "RETRY_S", 5.0)
    assert not pace.allows(2, 1.0)
    pace.ended(2, 0.5)
    assert pace.allows(1, 1.0)
