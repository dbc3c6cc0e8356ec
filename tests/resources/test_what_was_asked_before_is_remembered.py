"""The same question costs the model server nothing the second time, also while it is under way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from pytest_django import Settings

from learning_assistant import ollama
from learning_assistant.remembering import Flights, Remembered, key_of
from resources.models import IndexVersion
from resources.rag import query_vectors
from resources.rag.advising import advise
from tests.resources.making import add, index
from tests.scripted import Script

RESOURCE: dict[str, Any] = {
    "id": 1, "title": "Zebra stripes", "reason": "How zebra stripes work", "summary": "Stripes.",
    "kind": "book", "level": "beginner", "topics": [], "authors": [],
}  # fmt: skip
SENTENCE = "Start with [1], because it explains how zebra stripes work."
ADVICE = "Start with “Zebra stripes”, because it explains how zebra stripes work."


@pytest.fixture
def model(model_server: Script, valkey: redis.Redis) -> Script:
    model_server.sentence = SENTENCE
    return model_server


@pytest.fixture
def version(db: None, model: Script) -> IndexVersion:
    add("Zebra stripes")
    return index()


def asked(model: Script, path: str) -> int:
    return model.paths().count(path)


def test_a_sentence_is_written_once(model: Script) -> None:
    first, second = (advise("how do zebras work?", RESOURCE, 3.0) for _ in range(2))
    assert first.advice == ADVICE
    assert first == second
    assert asked(model, "/api/chat") == 1


@pytest.mark.parametrize("changed", ["title", "reason"])
def test_another_resource_wants_another_sentence(model: Script, changed: str) -> None:
    advise("how do zebras work?", RESOURCE, 3.0)
    advise("how do zebras work?", RESOURCE | {changed: "Okapi stripes"}, 3.0)
    advise("how do okapis work?", RESOURCE, 3.0)
    assert asked(model, "/api/chat") == 3


def test_another_model_writes_its_own(model: Script) -> None:
    advise("how do zebras work?", RESOURCE, 3.0)
    model.digests["smollm2:135m"] = "another"
    ollama.digest_of._asked_at = float("-inf")
    assert advise("how do zebras work?", RESOURCE, 3.0).digest == "another"
    assert asked(model, "/api/chat") == 2


def test_a_sentence_that_fails_is_not_asked_for_again(model: Script) -> None:
    model.sentence = "Start with [1] by Zaphod, because Zaphod knows."
    told = [advise("how do zebras work?", RESOURCE, 3.0) for _ in range(2)]
    assert [(t.advice, t.model_there) for t in told] == [("", True)] * 2
    assert "Zaphod" in told[1].refused
    assert asked(model, "/api/chat") == 1


def test_the_vector_of_a_question_is_made_once(version: IndexVersion, model: Script) -> None:
    before = asked(model, "/api/embed")
    first, second = (query_vectors.vector_of(version, "zebra", 3.0) for _ in range(2))
    assert first is not None
    assert second == pytest.approx(first)
    assert asked(model, "/api/embed") == before + 1


def test_each_version_has_vectors_of_its_own(version: IndexVersion, model: Script) -> None:
    query_vectors.vector_of(version, "zebra", 3.0)
    version.query_prefix = "query: "
    query_vectors.vector_of(version, "zebra", 3.0)
    assert model.calls[-1][1]["input"] == ["query: zebra"]


def test_who_asks_the_same_at_once_shares_one_call(
    version: IndexVersion, model: Script, valkey: redis.Redis
) -> None:
    model.delay_s = 0.4
    with ThreadPoolExecutor(6) as threads:
        sentences = list(threads.map(lambda _: advise("zebras?", RESOURCE, 5.0), range(6)))
    assert {s.advice for s in sentences} == {ADVICE}
    assert asked(model, "/api/chat") == 1


def test_who_waits_for_the_same_hears_of_its_failure(model: Script) -> None:
    model.delay_s, model.status = 0.4, 500
    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda _: advise("zebras?", RESOURCE, 5.0), range(4)))
    assert [t.model_there for t in told] == [False] * 4
    assert asked(model, "/api/chat") == 1
    model.delay_s, model.status = 0.0, 200
    assert advise("zebras?", RESOURCE, 5.0).advice == ADVICE


def test_who_waits_for_the_same_waits_no_longer_than_agreed() -> None:
    flights = Flights()
    with ThreadPoolExecutor(2) as threads, pytest.raises(TimeoutError):
        blocked: Callable[[], int] = lambda: threads.submit(lambda: 1).result(5)  # noqa: E731
        started = threads.submit(flights.share, "key", lambda: _late(flights, blocked), 5.0)
        started.result(5)


def _late(flights: Flights, work: Callable[[], int]) -> int:
    """The second caller, while the first is under way."""
    return flights.share("key", work, 0.05)


def test_no_more_is_kept_than_there_are_places(valkey: redis.Redis) -> None:
    few = Remembered("few", places=4, seconds=60)
    for number in range(100):
        few.put(key_of(number), number)
    assert len(valkey.keys("la:few:*")) == 4
    assert few.get(key_of(99)) == 99
    assert sum(few.get(key_of(number)) is not None for number in range(100)) == 4
    assert all(0 < valkey.ttl(key) <= 60 for key in valkey.keys("la:few:*"))


def test_the_broker_learns_no_question(version: IndexVersion, valkey: redis.Redis) -> None:
    query_vectors.vector_of(version, "my secret disease", 3.0)
    kept = [(key, valkey.get(key)) for key in valkey.keys("la:vectors:*")]
    assert len(kept) == 1
    assert "secret" not in str(kept)
    assert key_of("a") != key_of("b")


def test_another_secret_makes_other_keys(settings: Settings) -> None:
    before = key_of("question")
    settings.SECRET_KEY = "another"
    assert key_of("question") != before


def test_without_a_broker_all_is_worked_out_anew(no_broker: None) -> None:
    nowhere = Remembered("few", places=4, seconds=60)
    nowhere.put(key_of("a"), 1)
    assert nowhere.get(key_of("a")) is None
