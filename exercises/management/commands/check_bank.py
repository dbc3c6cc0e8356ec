import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from exercises import banking
from exercises.banking import Entry
from exercises.checking.proving import prove
from exercises.checking.twins import InMemory
from exercises.checking.vectors import vectors
from exercises.content import Item
from exercises.models import ExerciseType
from learning_assistant import ollama
from resources import curation
from resources.models import Level

WANTED = {
    ExerciseType.MULTIPLE_CHOICE: 40,
    ExerciseType.SHORT_ANSWER: 40,
    ExerciseType.CLOZE: 30,
    ExerciseType.CODING: 40,
}

HELP = """Prove every exercise of the bank (or of another folder of the same form).

Shape, language, leaks and duplicates are looked for; solutions are run, and copies of them with a
mistake; rubrics are tried on the reference, on its opposite, and on answers that are none. What
fails is named with its file. Nothing is stored: load_bank does that.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(
            *args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.EXERCISE_BANK)

    def handle(self, *args: Any, folder: Path, verbosity: int, **options: Any) -> None:
        entries = list(banking.entries(folder))
        if not entries:
            raise CommandError(f"there is no exercise in {folder} (*.toml)")
        faults = self._faults(entries, verbosity)
        for fault in faults:
            self.stderr.write(fault)
        self._table([entry.item for entry in entries if entry.item])
        if folder == settings.EXERCISE_BANK:
            faults += self._gaps(entries)
        if faults:
            raise CommandError(f"{len(faults)} faults in {len(entries)} exercises")

    def _faults(self, entries: Sequence[Entry], verbosity: int) -> list[str]:
        faults = [f"{entry}: {entry.fault}" for entry in entries if entry.fault]
        topics = curation.topics(settings.STARTER_CATALOGUE)
        sound = [(entry, entry.item) for entry in entries if entry.item and not entry.fault]
        others, found = InMemory(), self._vectors([item for _, item in sound])
        for (entry, item), vector in zip(sound, found, strict=True):
            if item.topic not in topics:
                faults.append(f"{entry}: there is no topic {item.topic!r}")
            proven = prove(item, vector, others)
            faults += [f"{entry}: {fault}" for fault in proven.faults]
            others.add(item, vector)
            if verbosity > 1:
                seen = "; ".join(f"{c.name} ({c.detail})" for c in proven.checks if c.detail)
                self.stdout.write(f"{entry}: {proven.seconds:.2f} s: {seen}")
        return faults

    def _vectors(self, items: list[Item]) -> list[Any]:
        try:
            return list(vectors(items))
        except ollama.ModelUnavailable as error:
            raise CommandError(f"duplicates by meaning can't be looked for: {error}") from error

    def _table(self, items: list[Item]) -> None:
        counts = Counter((str(item.content.type), item.level) for item in items)
        row = "{:<18}{:>6}{:>10}{:>14}{:>10}"
        self.stdout.write(row.format("type", "all", *Level.values))
        for kind in ExerciseType.values:
            levels = [counts[str(kind), level] for level in Level]
            self.stdout.write(row.format(kind, sum(levels), *levels))
        topics = len({item.topic for item in items})
        self.stdout.write(f"{len(items)} exercises on {topics} topics")

    def _gaps(self, entries: Sequence[Entry]) -> list[str]:
        """What the bank that ships must have."""
        has = Counter(str(entry.item.content.type) for entry in entries if entry.item)
        return [
            f"{has[kind]} of type {kind}, {wanted} are wanted"
            for kind, wanted in WANTED.items()
            if has[kind] < wanted
        ]
