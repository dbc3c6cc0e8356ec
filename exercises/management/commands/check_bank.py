import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from exercises import banking
from exercises.banking import Entry
from exercises.checking.proving import Proven, prove
from exercises.checking.twins import InMemory, Vector
from exercises.checking.vectors import vectors
from exercises.content import Item
from exercises.models import ExerciseType
from learning_assistant import ollama
from learning_assistant.commands import TeachingCommand
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


# While one waits for the model server, another runs code.
PROVED_TOGETHER = 3


def _proofs(sound: Sequence[tuple[Entry, Item]], vectors: Sequence[Vector]) -> Iterator[Proven]:
    """Of each in order; a duplicate is told of the later one."""
    others, under_way = InMemory(), []
    with ThreadPoolExecutor(PROVED_TOGETHER) as pool:
        for (_, item), vector in zip(sound, vectors, strict=True):
            under_way.append(pool.submit(prove, item, vector, others.so_far()))
            others.add(item, vector)
        for proof in under_way:
            yield proof.result()


class Command(TeachingCommand):
    help = HELP

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
        found = self._vectors([item for _, item in sound])
        for (entry, item), proven in zip(sound, _proofs(sound, found), strict=True):
            if item.topic not in topics:
                faults.append(f"{entry}: there is no topic {item.topic!r}")
            faults += [f"{entry}: {fault}" for fault in proven.faults]
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
