from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import Service, lease
from tests.learning_assistant.embedded.conftest import BOTH, ask, stopped, until, valkey


def test_rows_and_queued_messages_are_there_after_a_stop(data_dir):
    with lease(data_dir, BOTH), valkey(data_dir) as client:
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
        client.rpush("durable", "task 1", "task 2")
    assert until(lambda: all(stopped(data_dir, service) for service in BOTH))

    with lease(data_dir, BOTH), valkey(data_dir) as client:
        assert ask(data_dir, "SELECT seven FROM kept") == 7
        assert client.lrange("durable", 0, -1) == ["task 1", "task 2"]


def test_a_lost_password_is_made_anew_and_the_rows_stay(data_dir):
    with lease(data_dir, [Service.POSTGRES]):
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
    assert until(lambda: stopped(data_dir, Service.POSTGRES))
    password = Paths.of(data_dir).secrets / "postgres-password"
    lost = password.read_text()
    password.unlink()

    with lease(data_dir, [Service.POSTGRES]):
        assert ask(data_dir, "SELECT seven FROM kept") == 7
        assert password.read_text() != lost
