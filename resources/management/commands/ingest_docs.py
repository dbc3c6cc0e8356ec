import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from learning_assistant.commands import TeachingCommand
from learning_assistant.ollama import ModelUnavailable
from resources.models.documents import SOURCE_LENGTH
from resources.rag import catching_up, ingesting
from resources.rag.ingesting import Change, Event

HELP = """Make a tree of Markdown files searchable (.md, .markdown, .mdx).

  manage.py ingest_docs ~/notes                      read it, and index what is new or changed
  manage.py ingest_docs ~/notes --prune              also remove documents whose file is gone
  manage.py ingest_docs ~/notes --dry-run            only tell what would be done
  manage.py ingest_docs ./docs --source handbook     under another name than the folder's

YAML front matter becomes metadata, headings become each chunk's heading path. A file that can't be
read is reported and passed over. Running it again embeds only what changed. Other programs read the
result as rag_embeddings (docs/reading-the-index.md), where document_path is the path below DIR.
"""
OURS = "catalogue"  # what rag_embeddings calls the resources' source


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--source", metavar="NAME", help="of the tree; default: DIR's own name")
        parser.add_argument("--prune", action="store_true", help="remove what has no file any more")
        parser.add_argument("--dry-run", action="store_true", help="change nothing")
        parser.add_argument(
            "--no-wait", action="store_true", help="leave the embedding to the worker"
        )

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"DIR: {folder} is no folder")
        root = folder.resolve()
        source = self._source(root, options["source"])
        counts: Counter[Change] = Counter()
        reader = _Reader(self, options["verbosity"], dry_run=options["dry_run"])
        try:
            for event in ingesting.ingest(
                root, source, prune=options["prune"], dry_run=options["dry_run"]
            ):
                counts[event.change] += 1
                reader.tell(event)
        except ingesting.EmptyTree as error:
            raise CommandError(f"nothing is pruned: {error}") from error
        said = ", ".join(f"{counts[change]} {change}" for change in Change)
        self.stdout.write(f"{source}: {said}{' (dry run)' if options['dry_run'] else ''}")
        if not options["dry_run"] and not options["no_wait"]:
            self._wait()

    def _source(self, root: Path, given: str | None) -> str:
        source = given or root.name
        if not source or len(source) > SOURCE_LENGTH:
            raise CommandError(f"--source: 1 to {SOURCE_LENGTH} characters, not {source!r}")
        if source == OURS:
            raise CommandError(f"--source: {OURS!r} is the catalogue's own name, choose another")
        if given is None and (other := ingesting.other_root(root, source)):
            raise CommandError(
                f"documents named {source!r} were read from {other}: say --source {source} if this"
                " is the same tree in a new place, or --source with another name"
            )
        return source

    def _wait(self) -> None:
        def progress(done: int, total: int) -> None:
            self.stdout.write(f"searchable: {done} of {total}")

        try:
            catching_up.until_searchable(progress)
        except ModelUnavailable as error:
            raise CommandError(
                f"stored, and found by words; not by meaning yet, the model server is away: {error}"
            ) from error


class _Reader:
    """Says what was skipped, and why; every file with --verbosity 2; and that it is still at it."""

    EVERY_S = 5.0

    def __init__(self, command: TeachingCommand, verbosity: int, *, dry_run: bool) -> None:
        self._command = command
        self._verbosity = verbosity
        self._dry_run = dry_run
        self._count = 0
        self._said_at = time.monotonic()

    def tell(self, event: Event) -> None:
        self._count += 1
        path = event.path.encode("utf-8", "backslashreplace").decode()
        if event.change == Change.SKIPPED:
            self._command.stderr.write(f"skipped {path}: {event.reason}")
        elif self._verbosity > 1 or (self._dry_run and event.change != Change.UNCHANGED):
            self._command.stdout.write(f"{event.change} {path}")
        for warning in event.warnings:
            self._command.stderr.write(f"{path}: {warning}")
        if time.monotonic() - self._said_at > self.EVERY_S:
            self._said_at = time.monotonic()
            self._command.stdout.write(f"{self._count} files")
