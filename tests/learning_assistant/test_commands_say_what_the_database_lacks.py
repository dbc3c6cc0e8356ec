"""A command whose database is away, or has no tables yet, ends with one sentence that helps."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.commands import manage

COMMANDS = [
    ("resources_indexversion", ["search", "zebras"]),
    ("resources_topic", ["load_catalogue", "--starter"]),
    ("exercises_exercise", ["load_bank"]),
    ("learning_sessions_learningsession", ["erase_session", "s"]),
    ("learning_assistant_apikey", ["api_key", "create", "a", "--scope", "search"]),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "command"), COMMANDS)
def test_tables_that_are_missing(table: str, command: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    with pytest.raises(CommandError, match="manage.py migrate"):
        call_command(*command)
    connection.set_rollback(True)


def test_a_database_that_is_away() -> None:
    run = manage("search", "zebras", DATABASE_URL="postgres://me:hidden@127.0.0.1:1/none")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr and "hidden" not in run.stderr
    assert "Connection refused" in run.stderr and "DATABASE_URL" in run.stderr
