"""The real parts that tests talk to: the embedded services, and a whole running copy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
import redis
from django.conf import settings as project
from pytest_django import Settings

from learning_assistant import broker, lanes, ollama
from learning_assistant.celery import app
from learning_assistant.embedded.services import lease
from tests.scripted import Script, scripted_server
from tests.stack import Stack, running_stack


@pytest.fixture(scope="session")
def services() -> Iterator[None]:
    """PostgreSQL, Valkey and the model server, kept running for the whole session."""
    with lease(project.DATA_DIR, project.EMBEDDED_SERVICES):
        yield
        forget_model_client()
        forget_broker_clients()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: None) -> None:
    """pytest-django makes its test database after this: PostgreSQL must be there."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What `make run` starts, with a DATA_DIR and a port of its own and the starter catalogue.

    All of the catalogue is searchable. A test that hurts the copy waits until it is well again.
    """
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        loaded = running.manage("load_catalogue", "--starter", "--keep", "--wait")
        assert loaded.returncode == 0, loaded.stderr
        yield running


def forget_model_client() -> None:
    """Close the cached client: the next call reads OLLAMA_HOST anew."""
    if ollama._client.cache_info().currsize:
        ollama._client()._client.close()
    ollama._client.cache_clear()
    ollama.digest_of.__init__()  # type: ignore[misc]  # what it remembers is another server's


def forget_broker_clients() -> None:
    """Close the cached clients: the next call reads REDIS_URL anew."""
    kombu.pools.reset()
    lanes._publisher.cache_clear()
    broker.client.cache_clear()
    broker.clock.__init__()  # type: ignore[misc]  # another broker has another clock


@pytest.fixture
def model_server(settings: Settings) -> Iterator[Script]:
    """OLLAMA_HOST is a scripted server."""
    with scripted_server() as script:
        forget_model_client()
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


@pytest.fixture
def work_off(valkey: "redis.Redis") -> Callable[[], list[tuple[str, list[Any]]]]:
    """Does what is queued on the durable lane, as a worker would; returns name and arguments."""

    def work() -> list[tuple[str, list[Any]]]:
        done = []
        with app.connection_for_read() as connection:
            queue = connection.SimpleQueue(lanes.DURABLE)
            while valkey.llen(lanes.DURABLE):
                message = queue.get(timeout=1)
                args, kwargs, _ = json.loads(message.body)
                name = message.headers["task"]
                app.tasks[name](*args, **kwargs)
                message.ack()
                done.append((name, args))
            queue.close()
        return done

    return work
