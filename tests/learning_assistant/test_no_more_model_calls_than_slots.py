"""The slots of the model server are shared by all workers, and come back whoever dies."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis
from pytest_django import Settings

from learning_assistant import admission
from learning_assistant.admission import model_slot
from learning_assistant.broker import UNREACHABLE

pytestmark = pytest.mark.alone


@pytest.fixture(autouse=True)
def two_slots(valkey: "redis.Redis", settings: Settings) -> Iterator[None]:
    settings.MODEL_SLOTS = 2
    yield
    valkey.delete(admission.KEY)


def test_twenty_at_once_and_never_more_than_two_inside() -> None:
    lock, start = threading.Lock(), threading.Barrier(20)
    inside = most = admitted = 0

    def caller() -> None:
        nonlocal inside, most, admitted
        start.wait()
        for _ in range(5):
            with model_slot(5) as taken:
                if not taken:
                    continue
                with lock:
                    inside, admitted = inside + 1, admitted + 1
                    most = max(most, inside)
                time.sleep(0.01)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=caller) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
    assert admitted >= 2


def test_a_slot_given_back_can_be_taken_again() -> None:
    for _ in range(5):
        with model_slot(5) as taken:
            assert taken


def test_a_slot_comes_back_when_its_holder_raises() -> None:
    for _ in range(3):
        with pytest.raises(KeyError), model_slot(5):
            raise KeyError
    with model_slot(5) as taken:
        assert taken


def test_one_who_was_refused_gives_nothing_back() -> None:
    with model_slot(5), model_slot(5):
        with model_slot(5) as third:
            assert not third
        with model_slot(5) as fourth:
            assert not fourth


def test_the_slot_of_a_holder_that_died_comes_back_in_time() -> None:
    with ExitStack() as died:
        died.enter_context(model_slot(0.3))
        died.enter_context(model_slot(0.3))
        with model_slot(5) as taken:
            assert not taken
        time.sleep(0.35)
        with model_slot(5) as taken:
            assert taken


def test_no_slots_admit_nobody(settings: Settings) -> None:
    settings.MODEL_SLOTS = 0
    with model_slot(5) as taken:
        assert not taken


def test_without_the_broker_it_says_so(no_broker: None) -> None:
    with pytest.raises(UNREACHABLE), model_slot(5):
        pass
