import os
import signal
import time

from learning_assistant.embedded import locks
from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import Service
from tests.learning_assistant.embedded.conftest import (
    BOTH,
    ask,
    keepers,
    servers,
    stopped,
    until,
    valkey,
)


def test_users_who_start_together_share_one_keeper_and_one_server(data_dir, users):
    together = [users(data_dir) for _ in range(3)]
    assert [user.said() for user in together] == ["ready"] * 3
    assert [len(keepers(data_dir, service)) for service in BOTH] == [1, 1]
    assert ask(data_dir, "SELECT count(*) FROM pg_database WHERE datname = 'learning_assistant'")

    for user in together:
        user.leave()
    assert until(lambda: all(stopped(data_dir, service) for service in BOTH))


def test_a_user_who_comes_while_the_service_stops_gets_a_new_one(used_dir, users):
    for _ in range(3):  # each start meets the stop of the one before
        user = users(used_dir, Service.POSTGRES)
        assert user.said() == "ready"
        assert ask(used_dir, "SELECT 1") == 1
        user.leave()


def test_nobody_gets_a_lease_on_a_server_that_is_being_stopped(data_dir, users):
    first = users(data_dir, Service.VALKEY)
    assert first.said() == "ready"
    [server] = servers(data_dir, Service.VALKEY)
    os.kill(server, signal.SIGSTOP)  # so that its end takes a while
    first.leave()
    assert until(lambda: locks.is_locked(Paths.of(data_dir).users_lock(Service.VALKEY)), 3)
    second = users(data_dir, Service.VALKEY)
    time.sleep(1)  # it is there by now, and waits
    os.kill(server, signal.SIGCONT)
    assert second.said() == "ready"
    assert servers(data_dir, Service.VALKEY) != [server]
    with valkey(data_dir) as client:
        assert client.ping()
