import pytest
import redis

from tests.learning_assistant.embedded.conftest import valkey


def test_it_drops_nothing_saves_every_minute_and_has_no_port(running):
    expected = {
        "maxmemory": str(256 * 2**20),
        "maxmemory-policy": "noeviction",
        "save": "60 1",
        "appendonly": "no",
        "port": "0",
    }
    with valkey(running) as client:
        assert {name: client.config_get(name)[name] for name in expected} == expected


def test_what_would_let_a_client_write_files_or_run_code_is_off(running):
    with valkey(running) as client:
        for command in (
            ("CONFIG", "SET", "dir", "/tmp"),
            ("MODULE", "LOAD", "/tmp/evil.so"),
            ("DEBUG", "JMAP"),
        ):
            with pytest.raises(redis.ResponseError):
                client.execute_command(*command)
