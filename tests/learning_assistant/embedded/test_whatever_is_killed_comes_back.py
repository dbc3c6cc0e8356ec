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


def test_a_killed_server_is_started_again_while_it_is_used(used_dir, users):
    user = users(used_dir)
    assert user.said() == "ready"
    old = [servers(used_dir, service)[0] for service in BOTH]
    kill(*old)
    assert until(lambda: _answers(used_dir), seconds=10)
    assert not set(old) & {servers(used_dir, service)[0] for service in BOTH}


def test_the_server_of_a_killed_keeper_stops(used_dir, users):
    user = users(used_dir)
    assert user.said() == "ready"
    for service in BOTH:
        kill(*keepers(used_dir, service))
    assert until(lambda: all(stopped(used_dir, service) for service in BOTH))


@pytest.fixture
def leases(used_dir):
    leases = Leases(used_dir, BOTH)
    leases.acquire()
    yield leases
    leases.release()


def test_renewing_starts_the_keeper_again(used_dir, leases):
    assert leases.renew() == []
    for service in BOTH:
        kill(*keepers(used_dir, service))
    began = time.monotonic()
    assert leases.renew() == list(BOTH)
    assert leases.renew() == []
    assert until(lambda: _answers(used_dir), seconds=10)
    assert time.monotonic() - began < 10
    assert [len(keepers(used_dir, service)) for service in BOTH] == [1, 1]


def test_everything_killed_at_once_is_healed_by_the_next_start(used_dir, users):
    user = users(used_dir)
    assert user.said() == "ready"
    with valkey(used_dir) as client:
        client.set("lost", "this is not promised")
    ask(used_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
    processes = [pid for service in BOTH for pid in keepers(used_dir, service)]
    processes += [pid for service in BOTH for pid in servers(used_dir, service)]
    kill(*processes, user.process.pid)

    again = users(used_dir)
    assert again.said() == "ready"
    assert ask(used_dir, "SELECT seven FROM kept") == 7


def _answers(data_dir):
    try:
        with valkey(data_dir) as client:
            return ask(data_dir, "SELECT 1") == 1 and client.ping()
    except (psycopg.OperationalError, redis.ConnectionError):
        return False
