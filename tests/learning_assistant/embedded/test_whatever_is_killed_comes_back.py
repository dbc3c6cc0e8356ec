import time

import psycopg
import pytest
import redis

from learning_assistant.embedded.services import Leases
from tests.learning_assistant.embedded.conftest import (
    BOTH,
    ask,
    keepers,
    kill,
    servers,
    stopped,
    until,
    valkey,
)


def test_a_killed_server_is_started_again_while_it_is_used(data_dir, users):
    user = users(data_dir)
    assert user.said() == "ready"
    old = [servers(data_dir, service)[0] for service in BOTH]
    kill(*old)
    assert until(lambda: _answers(data_dir), seconds=10)
    assert not set(old) & {servers(data_dir, service)[0] for service in BOTH}


def test_the_server_of_a_killed_keeper_stops(data_dir, users):
    user = users(data_dir)
    assert user.said() == "ready"
    for service in BOTH:
        kill(*keepers(data_dir, service))
    assert until(lambda: all(stopped(data_dir, service) for service in BOTH))


@pytest.fixture
def leases(data_dir):
    leases = Leases(data_dir, BOTH)
    leases.acquire()
    yield leases
    leases.release()


def test_renewing_starts_the_keeper_again(data_dir, leases):
    assert leases.renew() == []
    for service in BOTH:
        kill(*keepers(data_dir, service))
    began = time.monotonic()
    assert leases.renew() == list(BOTH)
    assert leases.renew() == []
    assert until(lambda: _answers(data_dir), seconds=10)
    assert time.monotonic() - began < 10
    assert [len(keepers(data_dir, service)) for service in BOTH] == [1, 1]


def test_everything_killed_at_once_is_healed_by_the_next_start(data_dir, users):
    user = users(data_dir)
    assert user.said() == "ready"
    with valkey(data_dir) as client:
        client.set("lost", "this is not promised")
    ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
    processes = [pid for service in BOTH for pid in keepers(data_dir, service)]
    processes += [pid for service in BOTH for pid in servers(data_dir, service)]
    kill(*processes, user.process.pid)

    again = users(data_dir)
    assert again.said() == "ready"
    assert ask(data_dir, "SELECT seven FROM kept") == 7


def _answers(data_dir):
    try:
        with valkey(data_dir) as client:
            return ask(data_dir, "SELECT 1") == 1 and client.ping()
    except (psycopg.OperationalError, redis.ConnectionError):
        return False
