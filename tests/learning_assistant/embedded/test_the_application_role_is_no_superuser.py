import psycopg
import pytest

from tests.learning_assistant.embedded.conftest import ask, connect

FORBIDDEN = [
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "COPY (SELECT 1) TO '/tmp/written-by-postgres'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT lo_import('/etc/passwd')",
    "CREATE ROLE another SUPERUSER",
    "ALTER ROLE learning_assistant SUPERUSER",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "SELECT rolpassword FROM pg_authid",
    "LOAD '/tmp/evil.so'",
]


def test_it_owns_its_database_makes_others_and_may_do_no_more(running):
    with connect(running) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)

        connection.execute("CREATE TABLE items (id int, embedding vector(3))")
        connection.execute("CREATE DATABASE test_another")
        with connect(running, dbname="test_another") as other:
            nearest = other.execute("SELECT '[1,2,3]'::halfvec(3) <=> '[1,2,3]'").fetchone()
            assert nearest == (0.0,)
        connection.execute("DROP DATABASE test_another")
        connection.execute("DROP TABLE items")


def test_the_database_is_as_it_was_asked_for(running):
    assert str(ask(running, "SHOW server_version")).startswith("18.")
    expected = {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "listen_addresses": "",
        "password_encryption": "scram-sha-256",
        "jit": "off",
    }
    assert {name: ask(running, f"SHOW {name}") for name in expected} == expected
    assert ask(running, "SELECT lower('ÄÖ') || upper('é')") == "äöÉ"
    assert ask(running, "SELECT to_tsvector('english', 'Schrödinger') @@ 'schröding:*'")
