import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import DataError

from learning_assistant.commands import TeachingCommand
from learning_assistant.ollama import ModelUnavailable
from resources import reading
from resources.models import Resource
from resources.rag import catching_up
from resources.services import catalogue

STARTER: Path = settings.STARTER_CATALOGUE
TOPICS = STARTER / "topics.jsonl"
FAULTS_SHOWN = 50

HELP = """Load resources into the catalogue, from JSON Lines or CSV.

Each line is one resource: title, url and kind are required; level, topics, authors, year,
language, summary, facets, asks, licence, provenance and status may follow. In CSV the first line
names the columns and lists are separated by ";". Resources are matched by their link, so loading
a file again changes nothing. A broken line is reported with its number and passed over.

  manage.py load_catalogue my-resources.csv --wait
  manage.py load_catalogue --starter
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="*", type=Path)
        parser.add_argument(
            "--starter", action="store_true", help="the catalogue that ships with the project"
        )
        parser.add_argument(
            "--keep", action="store_true", help="leave resources that are there as they are"
        )
        parser.add_argument(
            "--wait", action="store_true", help="return once everything is searchable"
        )

    def handle(
        self, *args: Any, files: list[Path], starter: bool, keep: bool, wait: bool, **kwargs: Any
    ) -> None:
        if not files and not starter:
            raise CommandError("name a FILE, or say --starter")
        if starter:
            self._load_topics()
            files = [*files, *(p for p in sorted(STARTER.glob("*.jsonl")) if p != TOPICS)]
        counts: Counter[str] = Counter()
        for path in files:
            try:
                counts += self._load(path, keep=keep)
            except reading.BadFile as error:
                raise CommandError(str(error)) from error
        self.stdout.write(
            ", ".join(f"{counts[w]} {w}" for w in ("created", "updated", "unchanged", "rejected"))
        )
        if wait:
            self._wait()
        if counts["rejected"]:
            raise CommandError(f"{counts['rejected']} lines were rejected, the rest is loaded")

    def _load_topics(self) -> None:
        for row in reading.objects(TOPICS):
            catalogue.upsert_topic(**row)

    def _load(self, path: Path, *, keep: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        changed: list[Resource] = []
        for row in reading.rows(path):
            fault = row.fault
            if not fault:
                try:
                    outcome = catalogue.upsert(row.values, keep=keep)
                except ValidationError as error:
                    fault = _in_words(error)
                except (DataError, UnicodeEncodeError) as error:
                    fault = str(error).splitlines()[0]
                else:
                    counts[outcome.change] += 1
                    if outcome.change != catalogue.Change.UNCHANGED:
                        changed.append(outcome.resource)
                    for topic in outcome.new_topics:
                        self.stdout.write(f"{path.name}:{row.line}: new topic {topic}")
            if fault:
                counts["rejected"] += 1
                if counts["rejected"] <= FAULTS_SHOWN:
                    self.stderr.write(f"{path.name}:{row.line}: {fault}")
        catalogue.queue_indexing(changed)
        return counts

    def _wait(self) -> None:
        def progress(done: int, total: int) -> None:
            self.stdout.write(f"searchable: {done} of {total}")

        try:
            catching_up.until_searchable(progress)
        except ModelUnavailable as error:
            raise CommandError(
                f"loaded, but not searchable by meaning: the model server is away ({error})"
            ) from error


def _in_words(error: ValidationError) -> str:
    if hasattr(error, "message_dict"):
        return "; ".join(f"{k}: {' '.join(v)}" for k, v in error.message_dict.items())
    return "; ".join(error.messages)
