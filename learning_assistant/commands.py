"""What our management commands share."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable

from learning_assistant.postgresql.base import brief


class TeachingCommand(BaseCommand):
    """A command whose `help` keeps its lines, since it shows how the command is used, and which
    says in one sentence what is wrong with the database."""

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(
            *args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except OperationalError as error:
            raise CommandError(
                f"PostgreSQL: {brief(error)} (DATABASE_URL says where it is; without it the "
                "embedded one is used)"
            ) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
                raise
            raise CommandError(
                "the database lacks tables of this version: `.venv/bin/python manage.py migrate` "
                "makes them, as `make run` does"
            ) from error


def batch_lines(source: str) -> Iterator[bytes]:
    """The lines of the file that `--batch` names; `-` is standard input.

    Raises `CommandError` where there is no such file, once the first line is asked for.
    """
    if source == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(source).open("rb") as file:
            yield from file
    except OSError as error:
        raise CommandError(f"--batch: {source}: {error.strerror}") from error
