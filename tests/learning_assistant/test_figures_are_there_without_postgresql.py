"""While PostgreSQL, which knows the keys, is away, `GET /metrics` opens to a key that was good."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.test import Client

from tests.learning_assistant.test_operators_read_figures_with_a_key import new_key, scrape


@pytest.fixture
def database_away(committed_db: None, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Call it, and nobody answers where the database was."""
    host = connection.settings_dict["HOST"]

    def away() -> None:
        connection.close()
        connection.settings_dict["HOST"] = str(tmp_path)

    yield away
    connection.settings_dict["HOST"] = host


def test_a_key_that_was_good_counts(
    client: Client, valkey: redis.Redis, database_away: Callable[[], None]
) -> None:
    key = new_key()
    scrape(client, key)
    database_away()
    text = scrape(client, key).content.decode()
    assert 'learning_assistant_up{part="broker"} 1.0' in text
    assert 'learning_assistant_up{part="postgresql"} 0.0' in text
    assert "learning_assistant_request_seconds_count" in text
    unseen = client.get("/metrics", HTTP_AUTHORIZATION=f"Api-Key abcdefgh.{'x' * 32}")
    assert unseen.status_code == 503
