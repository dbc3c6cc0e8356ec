"""`GET /metrics` tells Prometheus what was counted in all processes and how things are, to whoever
has a key for operations; a part that is away is told by `up`, and nothing counts twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.http import HttpResponse
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from learning_assistant import api_keys, broker, lanes, metrics
from learning_assistant.models import KeyScope
from resources import tasks
from resources.rag.advising import advise
from tests.conftest import forget_broker_clients
from tests.resources.making import add, index
from tests.resources.test_what_was_asked_before_is_remembered import RESOURCE, SENTENCE
from tests.scripted import Script

pytestmark = pytest.mark.django_db
Figures = Callable[..., float]
API = "/api/learning"


@pytest.fixture
def key(db: None) -> dict[str, str]:
    return new_key()


def new_key() -> dict[str, str]:
    """A header with it."""
    _, key = api_keys.create("Prometheus", [KeyScope.OPERATIONS])
    return {"HTTP_AUTHORIZATION": f"Api-Key {key}"}


def scrape(client: Client, key: dict[str, str]) -> HttpResponse:
    answer: HttpResponse = client.get("/metrics", **key)  # type: ignore[assignment]
    assert answer.status_code == 200, answer.content
    return answer


class Growth:
    """What was added since it was made."""

    def __init__(self, client: Client, key: dict[str, str]) -> None:
        self._client, self._key = client, key
        self._before = self._read()

    def _read(self) -> Counter[tuple[str, frozenset[tuple[str, str]]]]:
        text = scrape(self._client, self._key).content.decode()
        found: Counter[tuple[str, frozenset[tuple[str, str]]]] = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name, frozenset(sample.labels.items())] = sample.value  # type: ignore[assignment]
        return found

    def of(self, name: str, **labels: str) -> float:
        which = f"learning_assistant_{name}", frozenset(labels.items())
        return self._read()[which] - self._before[which]


@pytest.fixture
def grown(client: Client, key: dict[str, str], valkey: redis.Redis) -> Growth:
    return Growth(client, key)


def test_it_wants_a_key_for_operations(client: Client, key: dict[str, str]) -> None:
    assert client.get("/metrics").status_code == 401
    _, other = api_keys.create("Room", [KeyScope.SEARCH])
    refused = client.get("/metrics", HTTP_AUTHORIZATION=f"Api-Key {other}")
    assert refused.status_code == 403
    assert "operations" in refused.json()["detail"]
    assert scrape(client, key)["Content-Type"].startswith("text/plain; version=")


def test_requests_count_by_the_template_of_their_path(client: Client, grown: Growth) -> None:
    for path in ("exercises/1/attempts/0c9e1f6e-6a4c-4b1c-9d76-0d5c4a1f2b33", "health/live/"):
        client.get(f"{API}/{path}?session_id=wostrunik")
    client.get(f"{API}/wostrunik")
    client.get(f"{API}/wostrunik/2")
    template = "/api/learning/exercises/<int:exercise_id>/attempts/<uuid:attempt_id>"
    counted = {"request_seconds_count": 1.0}
    for name, by in counted.items():
        assert grown.of(name, method="GET", path=template, status="404") == by
        assert grown.of(name, method="GET", path=f"{API}/health/live", status="200") == by
    assert grown.of("request_seconds_count", method="GET", path="unknown", status="404") == 2
    text = scrape(client, grown._key).content.decode()
    assert "wostrunik" not in text


def test_calls_of_the_model_count_with_tokens_and_what_is_remembered(
    grown: Growth, model_server: Script
) -> None:
    model_server.sentence = SENTENCE
    for _ in range(2):
        assert advise("how do zebras work?", RESOURCE, 3.0).advice
    assert grown.of("model_call_seconds_count", operation="chat", outcome="ok") == 1
    assert grown.of("model_tokens_total", direction="out") == model_server.tokens
    assert grown.of("cache_total", cache="advice", outcome="miss") == 1
    assert grown.of("cache_total", cache="advice", outcome="hit") == 1


def test_what_is_refused_counts_by_its_reason(
    grown: Growth, model_server: Script, settings: Settings
) -> None:
    model_server.sentence = "Start with [1] at https://example.com, it explains zebras."
    advise("how do zebras work?", RESOURCE, 3.0)
    model_server.sentence = SENTENCE
    advise("how do zebras run?", RESOURCE, 0.2)
    model_server.status = 500
    advise("how do zebras eat?", RESOURCE, 3.0)
    settings.MODEL_SLOTS = 0
    advise("how do zebras sleep?", RESOURCE, 3.0)
    for why in ("link", "deadline", "unavailable", "slots"):
        assert grown.of("advice_refused_total", why=why) == 1, why
    assert grown.of("model_call_seconds_count", operation="chat", outcome="refused") == 1


def test_answers_count_with_what_they_lacked(
    client: Client, grown: Growth, model_server: Script
) -> None:
    for title in ("Zebra stripes", "Zebra herds", "Zebra maps"):
        add(title)
    index()  # no worker takes what is asked now
    answer = client.post(
        f"{API}/resources", {"query": "zebra", "session_id": "s"}, content_type="application/json"
    )
    assert answer.json()["degraded_reasons"] == ["queue"]
    assert grown.of("degraded_total", operation="suggest", part="queue") == 1
    assert grown.of("answers_total", advice="template") == 1
    assert grown.of("stage_seconds_count", stage="fallback") == 1
    assert grown.of("lane_depth", lane="interactive") == 1
    assert grown.of("resources_published") == 3
    assert grown.of("index_rows") == 3


def test_lanes_tell_how_long_the_oldest_waits(grown: Growth, valkey: redis.Redis) -> None:
    lanes._publish(tasks.index_lagging, (), queue=lanes.DURABLE)
    ahead, _ = valkey.time()
    lanes.beat(lanes.DURABLE, "here-1")
    assert grown.of("lane_depth", lane="durable") == 1
    assert grown.of("lane_oldest_seconds", lane="durable") > 0
    assert grown.of("workers_warm", lane="durable") == 1
    assert ahead


def test_without_the_broker_the_rest_is_told(
    client: Client, key: dict[str, str], no_broker: None
) -> None:
    text = scrape(client, key).content.decode()
    assert 'learning_assistant_up{part="broker"} 0.0' in text
    assert 'learning_assistant_up{part="postgresql"} 1.0' in text
    assert "learning_assistant_index_lag_rows" in text


def test_what_is_counted_while_the_broker_is_away_counts_once_it_is_back(
    valkey: redis.Redis, settings: Settings, tmp_path: Path
) -> None:
    counts, there = metrics.Counts(), settings.REDIS_URL
    counts.add(("tries", 2.0))
    forget_broker_clients()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    with pytest.raises(redis.exceptions.ConnectionError):
        counts.flush()
    counts.add(("tries", 3.0))
    settings.REDIS_URL = there
    forget_broker_clients()
    counts.flush()
    counts.flush()
    assert broker.client().hget(metrics.KEY, "tries") == "5"


def test_a_batch_whose_answer_was_lost_counts_once(valkey: redis.Redis) -> None:
    counts = metrics.Counts()
    counts.add(("tries", 2.0))
    counts._batch = "1", {"tries": 2.0}
    counts.flush()
    counts._batch = "1", {"tries": 2.0}  # as if nobody had said that it came
    counts.flush()
    counts.flush()
    assert broker.client().hget(metrics.KEY, "tries") == "4"
