import os

from learning_assistant.embedded.services import Service, lease
from tests.learning_assistant.embedded.conftest import ask, servers, stopped, until, valkey


def test_a_service_stays_for_the_users_that_are_left(data_dir, users):
    first, second = users(data_dir), users(data_dir)
    assert first.said() == second.said() == "ready"
    server = servers(data_dir, Service.POSTGRES)[0]
    first.leave()
    assert not until(lambda: stopped(data_dir, Service.POSTGRES), seconds=1.5)
    assert ask(data_dir, "SELECT 1") == 1
    assert servers(data_dir, Service.POSTGRES)[0] == server

    second.leave()
    assert until(lambda: stopped(data_dir, Service.POSTGRES))
    assert until(lambda: stopped(data_dir, Service.VALKEY))


def test_a_killed_user_counts_as_gone(data_dir, users):
    user = users(data_dir, Service.VALKEY)
    assert user.said() == "ready"
    assert not stopped(data_dir, Service.VALKEY)
    user.kill()
    assert until(lambda: stopped(data_dir, Service.VALKEY))


def test_a_forked_child_shares_the_lease(data_dir):
    reading, writing = os.pipe()
    with lease(data_dir, [Service.VALKEY]):
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)  # until the parent closes its end
            os._exit(0)
        os.close(reading)
    assert not until(lambda: stopped(data_dir, Service.VALKEY), seconds=1)
    with valkey(data_dir) as client:
        assert client.ping()
    os.close(writing)
    os.waitpid(child, 0)
    assert until(lambda: stopped(data_dir, Service.VALKEY))
