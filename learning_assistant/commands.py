"""What our management commands share."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class TeachingCommand(BaseCommand):
    """A command whose `help` keeps its lines: it shows how the command is used."""

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(
            *args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )


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
