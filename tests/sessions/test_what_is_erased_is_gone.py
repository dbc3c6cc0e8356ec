"""After `DELETE sessions/{id}` nothing the learner wrote is left in the database or the broker."""

import io
from collections.abc import Iterator

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from exercises.models import Attempt, Practice
from exercises.tasks import grade_late
from sessions.models import Interaction, LearningSession
from tests.exercises.making import API, ask, attempt, choice, post, right_answer, short
from tests.resources.making import add, index
from tests.scripted import Script
from tests.stack import until

pytestmark = pytest.mark.alone
# No word of the catalogue; the model repeats the first.
QUERY, ANSWER = "quagga stripes", "thylacines are striped too"


@pytest.fixture
def zebras(committed_db: None, model_server: Script) -> Script:
    for word in ("stripes", "hooves", "manes"):
        add(f"Zebra {word}", facets=[f"How zebra {word} work"])
    index()
    model_server.sentence = "Start with [1], because it explains how quagga stripes work."
    return model_server


def in_database(word: str) -> Iterator[str]:
    """The tables, of every schema of ours, in which *word* stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT FROM {table} t WHERE t::text ILIKE %s LIMIT 1", [f"%{word}%"])
            if cursor.fetchone() is not None:
                yield table


def in_broker(valkey: "redis.Redis", word: str) -> Iterator[str]:
    """The keys whose name or value holds *word*."""
    read = {
        "string": valkey.get, "hash": valkey.hgetall, "set": valkey.smembers,
        "list": lambda key: valkey.lrange(key, 0, -1),
        "zset": lambda key: valkey.zrange(key, 0, -1),
    }  # fmt: skip
    for key in valkey.scan_iter():
        kind = valkey.type(key)
        if kind != "none" and word in f"{key} {read[kind](key)}".lower():
            yield key


def issue(client: Client) -> tuple[str, dict[str, str]]:
    issued = post(client, "sessions", {}, 201)
    return issued["session_id"], {"X-Session-Secret": issued["secret"]}


def learn(client: Client, session: str) -> None:
    """All that leaves a learner's words."""
    told = post(client, "resources", {"query": QUERY, "session_id": session})
    assert "quagga" in told["advice"]
    ask(client, session=session)
    attempt(client, short(), ANSWER, session=session)


def test_every_word_is_gone(
    zebras: Script, lane_worker: None, valkey: "redis.Redis", client: Client
) -> None:
    choice()
    session, secret = issue(client)
    learn(client, session)
    attempt(client, exercise := choice(), right_answer(exercise), session=session)
    assert set(in_database("quagga")) == {"public.learning_sessions_interaction"}
    assert set(in_database("thylacine")) == {"public.exercises_attempt"}
    assert len(valkey.keys("la:advice:*")) == len(valkey.keys("la:vectors:*")) == 1
    assert not set(in_broker(valkey, "quagga")), "what is remembered can't be read"
    assert client.delete(f"{API}/sessions/{session}", headers=secret).status_code == 204
    for word in ("quagga", "thylacine", session):
        assert not set(in_database(word)), word
        assert not set(in_broker(valkey, word)), word
    assert not Practice.objects.exists()


def test_no_queue_keeps_a_word_while_no_worker_runs(
    zebras: Script, valkey: "redis.Redis", client: Client
) -> None:
    choice()
    session, secret = issue(client)
    post(client, "resources", {"query": QUERY, "session_id": session})
    pending = attempt(client, short(), ANSWER, session=session, status=202)
    assert client.delete(f"{API}/sessions/{session}", headers=secret).status_code == 204
    until(lambda: not set(in_broker(valkey, "quagga")), 5, "the question's time is over")
    assert not set(in_broker(valkey, "thylacine"))
    assert not set(in_database("thylacine"))
    grade_late(pending["attempt"])  # which is queued still
    assert not Attempt.objects.exists()


def test_others_stay(zebras: Script, lane_worker: None, client: Client) -> None:
    choice()
    (mine, secret), (other, others) = issue(client), issue(client)
    for session in (mine, other):
        learn(client, session)
    client.delete(f"{API}/sessions/{mine}", headers=secret)
    assert Interaction.objects.get().session.session_id == other
    assert Attempt.objects.get().practice.session.session_id == other
    assert client.get(f"{API}/sessions/{other}/progress", headers=others).status_code == 200


@pytest.mark.django_db
def test_nobody_erases_without_the_secret(client: Client) -> None:
    session, secret = issue(client)
    ask(client, session="chosen")
    for path, headers in [
        (session, {}), (session, {"X-Session-Secret": "wrong"}), ("chosen", secret),
        ("chosen", {"X-Session-Secret": ""}), (issue(client)[0], secret), ("nobody", secret),
    ]:  # fmt: skip
        answer = client.delete(f"{API}/sessions/{path}", headers=headers)
        assert answer.status_code == 404
        assert "secret in X-Session-Secret is not its own" in answer.json()["detail"]
    assert LearningSession.objects.count() == 3
    assert client.delete(f"{API}/sessions/{session}/", headers=secret).status_code == 204
    assert client.delete(f"{API}/sessions/{session}", headers=secret).status_code == 404
    assert client.get(f"{API}/sessions/{session}/progress", headers=secret).status_code == 404


@pytest.mark.django_db
def test_operators_erase_any_session(client: Client) -> None:
    choice()
    ask(client, session="chosen")
    out = io.StringIO()
    call_command("erase_session", "chosen", stdout=out)
    assert out.getvalue() == "erased: 0 questions, 1 exercises, 0 answers, 0 topics\n"
    assert not LearningSession.objects.exists()
    with pytest.raises(CommandError, match="ID: there is no such session"):
        call_command("erase_session", "chosen")
