import os

from learning_assistant.embedded.services import Service, lease
from tests.learning_assistant.embedded.conftest import servers, stopped, until, valkey


def test_a_service_stays_for_the_users_that_are_left(data_dir, users):
    first, second = users(data_dir, Service.VALKEY), users(data_dir, Service.VALKEY)
    assert first.said() == second.said() == "ready"
    before = servers(data_dir, Service.VALKEY)
    first.leave()
    assert not until(lambda: stopped(data_dir, Service.VALKEY), seconds=1)
    assert servers(data_dir, Service.VALKEY) == before

    second.leave()
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
