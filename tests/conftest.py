"""The real parts that tests talk to: the embedded services, and a whole running copy."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from learning_assistant.embedded.services import lease
from tests.stack import Stack, running_stack


@pytest.fixture(scope="session")
def services() -> Iterator[None]:
    """PostgreSQL, Valkey and the model server, kept running for the whole session."""
    with lease(settings.DATA_DIR, settings.EMBEDDED_SERVICES):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: None) -> None:
    """pytest-django makes its test database after this: PostgreSQL must be there."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What `make run` starts, with a DATA_DIR and a port of its own and the starter catalogue."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
