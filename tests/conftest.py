"""The real parts that tests talk to: the embedded services, and a whole running copy."""

import base64
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
import redis
from django.conf import settings as project
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker, Settings

from exercises.models import Exercise
from learning_assistant import broker, lanes, ollama
from learning_assistant.celery import app
from learning_assistant.embedded.services import Service, lease
from learning_assistant.models import ApiKey
from resources.models import Document, IndexVersion, RegisteredQuery, Resource, Topic
from resources.models.index import Lexeme
from resources.rag import advising, query_vectors
from sessions.models import LearningSession
from tests import examples
from tests.scripted import Script, scripted_server
from tests.stack import Stack, running_stack

# What tests without a transaction around them leave behind; the rest goes along with it.
COMMITTED = (
    LearningSession, Exercise, Resource, Document, Topic, IndexVersion, RegisteredQuery, Lexeme,
    ApiKey,
)  # fmt: skip


assert examples  # registers hypothesis's profiles; `--hypothesis-profile` comes after


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """A test that fails over a whole copy shows what the copy's programs wrote last."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            report.sections += value.last_words() if isinstance(value, Stack) else []
    return report


@pytest.fixture(scope="session")
def services() -> Iterator[None]:
    """PostgreSQL, Valkey and the model server, kept running for the whole session."""
    own = {Service.POSTGRES, Service.VALKEY} <= set(project.EMBEDDED_SERVICES)
    if "PYTEST_XDIST_WORKER" in os.environ and not own:
        pytest.fail("DATABASE_URL and REDIS_URL are the same for all workers: WORKERS=0")
    with lease(project.DATA_DIR, project.EMBEDDED_SERVICES):
        yield
        forget_model_client()
        forget_broker_clients()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: None) -> None:
    """pytest-django makes its test database after this: PostgreSQL must be there.

    No test needs its rows after a crash of the machine: commits don't wait for the disk.
    """
    options = connection.settings_dict["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c synchronous_commit=off".strip()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """The test database, for all tests that want one.

    pytest-django's own makes it only where a test with its mark is collected: without one,
    `committed_db` would empty the database of DATA_DIR.
    """
    keep = request.config.getvalue("reuse_db")
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, keepdb=keep, aliases={"default"})
    yield
    if not keep:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What `make run` starts, with a DATA_DIR and a port of its own and the starter catalogue.

    It is ready while the catalogue is still being embedded, as for a learner. A test that hurts
    the copy waits until it is well again.
    """
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        running.spare_the_disk()
        yield running


def forget_model_client() -> None:
    """Close the cached client: the next call reads OLLAMA_HOST anew."""
    if ollama._client.cache_info().currsize:
        ollama._client()._client.close()
    ollama._client.cache_clear()
    ollama.digest_of._asked_at = float("-inf")  # what it remembers is another server's


def forget_answers() -> None:
    """What was learnt from another server: its answers, its pace, its outages."""
    advising._pace.forget()
    for breaker in (advising._breaker, query_vectors._breaker):
        breaker.reset()
    with suppress(redis.exceptions.RedisError):
        client = broker.client()
        if kept := [*client.keys("la:vectors:*"), *client.keys("la:advice:*")]:
            client.delete(*kept)


def forget_broker_clients() -> None:
    """Close the cached clients: the next call reads REDIS_URL anew."""
    kombu.pools.reset()
    lanes._publisher.cache_clear()
    broker.client.cache_clear()
    # Another broker has another clock; and nobody waits here after one that was away.
    broker.clock._offset, broker.clock._measure_at = None, float("-inf")


@pytest.fixture
def model_server(settings: Settings) -> Iterator[Script]:
    """OLLAMA_HOST is a scripted server."""
    with scripted_server() as script:
        forget_model_client()
        forget_answers()
        settings.OLLAMA_HOST = script.url
        yield script
        forget_model_client()


@pytest.fixture
def no_model_server(settings: Settings) -> Iterator[None]:
    """OLLAMA_HOST is an address at which nobody answers."""
    forget_model_client()
    settings.OLLAMA_HOST = "http://127.0.0.1:9"
    yield
    forget_model_client()


@pytest.fixture
def valkey(services: None) -> "redis.Redis":
    """The broker, empty."""
    client = broker.client()
    client.flushdb()
    return client


@pytest.fixture
def no_broker(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """REDIS_URL is a socket at which nobody answers."""
    forget_broker_clients()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock"
    yield
    forget_broker_clients()


def message(raw: str) -> tuple[str, list[Any]]:
    """The task's name and its arguments, of a message as Celery writes it to a Redis list."""
    message = json.loads(raw)
    args, _, _ = json.loads(base64.b64decode(message["body"]))
    return message["headers"]["task"], args


@pytest.fixture
def work_off(valkey: "redis.Redis") -> Callable[[], list[tuple[str, list[Any]]]]:
    """Does what is queued on the durable lane, as a worker would; returns name and arguments."""

    def work() -> list[tuple[str, list[Any]]]:
        done = []
        while raw := valkey.rpop(lanes.DURABLE):
            name, args = message(str(raw))
            app.tasks[name](*args)
            done.append((name, args))
        return done

    return work


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database without a transaction around the test: its threads see one another.

    pytest-django's own way empties all tables by TRUNCATE, which takes a second each time.
    """
    with django_db_blocker.unblock():
        yield
        connection.close()  # the test may have broken it
        for model in COMMITTED:
            model.objects.all().delete()


@pytest.fixture
def lane_worker(committed_db: None, valkey: "redis.Redis") -> Iterator[None]:
    """Takes tasks from the interactive lane and does them, as a worker's thread would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            if popped := valkey.brpop([lanes.INTERACTIVE], timeout=0.1):
                name, args = message(str(popped[1]))
                app.tasks[name](*args)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join(10)
