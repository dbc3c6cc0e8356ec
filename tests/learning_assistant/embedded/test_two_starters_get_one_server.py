from learning_assistant.embedded.services import Service
from tests.learning_assistant.embedded.conftest import BOTH, ask, keepers, stopped, until


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
