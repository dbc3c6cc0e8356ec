"""`time_limit` is kept by the client: a query past it fails, and the next one works."""

import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction

from learning_assistant.postgresql.base import time_limit

pytestmark = pytest.mark.alone


@pytest.fixture(autouse=True)
def connection_of_its_own(committed_db: None) -> Iterator[None]:
    """What a test left behind is no matter of the next one: the server itself sleeps on."""
    yield
    connection.close()
    ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def ask(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row and row[0]


def test_a_slow_query_is_left_and_the_next_one_works() -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError, match="in time"), time_limit(0.3):
        ask("SELECT pg_sleep(10)")
    assert 0.25 < time.monotonic() - began < 0.8
    connection.close_if_unusable_or_obsolete()
    assert ask("SELECT 7") == 7


def test_the_connection_of_a_query_that_was_left_is_closed() -> None:
    before = ask("SELECT pg_backend_pid()")
    raw = connection.connection
    with pytest.raises(OperationalError), time_limit(0.2):
        ask("SELECT pg_sleep(10)")
    assert raw.closed
    connection.close_if_unusable_or_obsolete()
    assert ask("SELECT pg_backend_pid()") != before


def test_all_queries_of_the_block_share_the_time() -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError), time_limit(0.5):
        for _ in range(20):
            ask("SELECT pg_sleep(0.15)")
    assert time.monotonic() - began < 1


def test_a_limit_inside_a_limit_only_shrinks() -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError), time_limit(0.3), time_limit(60):
        ask("SELECT pg_sleep(10)")
    assert time.monotonic() - began < 0.8


def test_it_ends_with_its_block() -> None:
    with time_limit(0.3):
        assert ask("SELECT 1") == 1
    began = time.monotonic()
    ask("SELECT pg_sleep(0.5)")
    assert time.monotonic() - began >= 0.5


def test_inside_a_transaction_it_ends_in_time_too() -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError), time_limit(0.3), transaction.atomic():
        ask("SELECT pg_sleep(10)")
    assert time.monotonic() - began < 0.8
    connection.close_if_unusable_or_obsolete()
    assert ask("SELECT 7") == 7
