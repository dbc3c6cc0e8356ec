"""Each answer of `POST resources` is an `Interaction` with what was sent and how it was made."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.test import Client

from resources.models import IndexVersion
from sessions.models import Interaction, LearningSession
from sessions.services import record
from tests.resources.making import add, index
from tests.scripted import Script

pytestmark = pytest.mark.alone

QUERY = "how do zebra stripes work?"


@pytest.fixture
def zebras(committed_db: None, model_server: Script) -> Script:
    for word in ("stripes", "hooves", "manes", "herds"):
        add(f"Zebra {word}", facets=[f"How zebra {word} work"], level="beginner")
    index()
    model_server.sentence = "Start with [1], because it explains how zebra stripes work."
    return model_server


def ask(client: Client, **more: Any) -> dict[str, Any]:
    body = {"query": QUERY, "session_id": "learner-1"} | more
    answer = client.post("/api/learning/resources", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_the_answer_and_how_it_was_made(zebras: Script, lane_worker: None, client: Client) -> None:
    body = ask(client, limit=3, level="beginner")
    stored = Interaction.objects.get(pk=uuid.UUID(body["query_id"]))
    assert stored.session.session_id == body["session_id"] == "learner-1"
    assert stored.query == QUERY
    assert stored.filters == {"level": "beginner"}
    assert [r["id"] for r in stored.results] == [r["id"] for r in body["resources"]]
    for result, shown in zip(stored.results, body["resources"], strict=True):
        assert result["score"] == pytest.approx(shown["score"], abs=1e-4)
        assert -1 <= result["dense"] <= 1.001
        assert result["lexical"] >= 0
    assert (stored.advice, stored.advice_source) == (body["advice"], "model")
    assert (stored.degraded, stored.degraded_reasons, stored.relaxed) == (False, [], [])
    assert (stored.model, len(stored.model_digest)) == ("smollm2:135m", 64)
    version = IndexVersion.objects.active()
    assert version is not None
    assert stored.index_version_id == version.pk
    assert {"search", "reply_1", "advice", "reply_2"} <= stored.timings.keys()
    assert 0 < stored.timings["search"] <= stored.timings["reply_1"] <= stored.timings["reply_2"]
    assert 0 < stored.took_ms <= body["took_ms"]


def test_a_degraded_answer_says_so_for_ever(
    zebras: Script, valkey: "redis.Redis", client: Client
) -> None:
    body = ask(client, level="advanced")
    stored = Interaction.objects.get()
    assert stored.degraded
    assert stored.degraded_reasons == body["degraded_reasons"] == ["queue"]
    assert stored.relaxed == body["relaxed"] == ["level"]
    assert (stored.advice_source, stored.advice) == ("template", body["advice"])
    assert (stored.model, stored.model_digest) == ("", "")
    assert [r["dense"] for r in stored.results] == [None] * len(stored.results)
    assert stored.timings["fallback"] > 0


def test_two_requests_of_one_session_make_one_session(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    ask(client)
    first = LearningSession.objects.get()
    ask(client)
    ask(client, session_id="learner-2")
    again = LearningSession.objects.get(session_id="learner-1")
    assert LearningSession.objects.count() == 2
    assert again.interactions.count() == 2
    assert again.created_at == first.created_at


def test_a_session_is_marked_as_seen_once_a_minute(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    ask(client)
    first = LearningSession.objects.get()
    ask(client)
    assert LearningSession.objects.get().last_seen_at == first.last_seen_at
    LearningSession.objects.update(last_seen_at=first.last_seen_at - timedelta(minutes=2))
    ask(client)
    assert LearningSession.objects.get().last_seen_at > first.last_seen_at


def test_requests_of_one_session_do_not_wait_for_each_others_commits(
    zebras: Script, lane_worker: None, client: Client
) -> None:
    ask(client)

    def another() -> int:
        try:
            return client.post(
                "/api/learning/resources",
                {"query": QUERY, "session_id": "learner-1"},
                content_type="application/json",
            ).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        record(uuid.uuid4(), "learner-1", query=QUERY)  # and its commit takes its time
        assert pool.submit(another).result(timeout=10) == 200
    assert Interaction.objects.count() == 3


@pytest.mark.parametrize("session_id", ["x" * 128, "ŝesio-🦓", "a b/c?d=e&f", "' OR 1=1 --"])
def test_any_session_id_that_a_client_chose(
    zebras: Script, lane_worker: None, client: Client, session_id: str
) -> None:
    assert ask(client, session_id=session_id)["session_id"] == session_id
    assert Interaction.objects.get().session.session_id == session_id


@pytest.mark.django_db
def test_a_refused_request_leaves_nothing(client: Client) -> None:
    answer = client.post(
        "/api/learning/resources", {"query": "", "session_id": "s"}, content_type="application/json"
    )
    assert answer.status_code == 400
    assert not LearningSession.objects.exists()
    assert not Interaction.objects.exists()


def test_the_learners_words_stand_nowhere_else(
    zebras: Script, lane_worker: None, valkey: "redis.Redis", client: Client
) -> None:
    ask(client, query="quagga " + QUERY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', ["%quagga%"])
            row = cursor.fetchone()
            assert row
            assert row[0] == (1 if table == Interaction._meta.db_table else 0), table
    for key in valkey.scan_iter("*"):
        assert "quagga" not in str(key)
        assert valkey.type(key) != "string" or "quagga" not in str(valkey.get(key))
