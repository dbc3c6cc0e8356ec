import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from learning_assistant import ollama
from resources import curation
from resources.curation import Coverage, Entry
from resources.models import Level

BATCH = 64
ACCEPTED_TWINS = "twins.json"
FAULTS_SHOWN = 200


class Command(BaseCommand):
    help = (
        "Check the starter catalogue (or another folder of the same form): vocabulary, links, "
        "lengths, tone, duplicates by link, sentence and meaning; prints what each topic has."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.STARTER_CATALOGUE)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        found, faults = curation.entries(folder)
        tree = curation.topics(folder)
        faults += curation.faults(found, tree)
        accepted = _accepted(folder / ACCEPTED_TWINS)
        faults += curation.twins(found, list(self._vectors(found)), accepted)
        self._table(curation.coverage(found, tree), tree)
        self.stdout.write(f"{len(found)} resources, {len(tree)} topics")
        for fault in faults[:FAULTS_SHOWN]:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults")

    def _vectors(self, found: list[Entry]) -> Iterator[list[float]]:
        texts = [f"{e.values['title']}\n{e.values.get('summary', '')}" for e in found]
        for start in range(0, len(texts), BATCH):
            try:
                batch = ollama.embed(settings.EMBED_MODEL, texts[start : start + BATCH])
            except ollama.ModelUnavailable as error:
                raise CommandError(f"duplicates by meaning can't be looked for: {error}") from error
            yield from (list(vector) for vector in batch)

    def _table(self, has: dict[str, Coverage], tree: dict[str, str]) -> None:
        row = "{:<34}{:>6}{:>10}{:>14}{:>10}  {}"
        self.stdout.write(row.format("topic", "all", *Level.values, "kinds"))
        for slug, topic in has.items():
            name = f"  {slug}" if tree[slug] else slug
            levels = [topic.levels[level] for level in Level.values]
            self.stdout.write(row.format(name, topic.total, *levels, " ".join(sorted(topic.kinds))))


def _accepted(path: Path) -> frozenset[frozenset[str]]:
    """Pairs of links that a reader looked at and found to be two different things."""
    if not path.exists():
        return frozenset()
    return frozenset(frozenset(pair) for pair in json.loads(path.read_text()))
