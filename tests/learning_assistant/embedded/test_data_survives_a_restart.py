from learning_assistant.embedded.paths import Paths
from learning_assistant.embedded.services import Service, lease
from tests.learning_assistant.embedded.conftest import BOTH, ask, stopped, until, valkey


def test_rows_and_queued_messages_are_there_after_a_stop(used_dir):
    with lease(used_dir, BOTH), valkey(used_dir) as client:
        ask(used_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
        client.rpush("durable", "task 1", "task 2")
    assert until(lambda: all(stopped(used_dir, service) for service in BOTH))

    with lease(used_dir, BOTH), valkey(used_dir) as client:
        assert ask(used_dir, "SELECT seven FROM kept") == 7
        assert client.lrange("durable", 0, -1) == ["task 1", "task 2"]


def test_a_lost_password_is_made_anew_and_the_rows_stay(used_dir):
    with lease(used_dir, [Service.POSTGRES]):
        ask(used_dir, "CREATE TABLE kept AS SELECT 7 AS seven")
    assert until(lambda: stopped(used_dir, Service.POSTGRES))
    password = Paths.of(used_dir).secrets / "postgres-password"
    lost = password.read_text()
    password.unlink()

    with lease(used_dir, [Service.POSTGRES]):
        assert ask(used_dir, "SELECT seven FROM kept") == 7
        assert password.read_text() != lost
