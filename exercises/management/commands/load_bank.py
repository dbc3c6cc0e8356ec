import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from exercises import banking
from exercises.checking.loading import Outcome, load
from learning_assistant.commands import TeachingCommand

HELP = """Prove the exercises of the bank and publish those whose proof holds.

What is there already, as it is and with its proof, is passed over, so this may be run again at any
time. What fails a check is named and not stored; an exercise that staff changed stays as they left
it, one that they retired stays retired.

  manage.py load_bank               the bank that ships with the project
  manage.py load_bank my-exercises  a folder of TOML files; exercises/bank/README.md has the format
  manage.py load_bank --restore softmax-with-temperature   the bank's own in place of the staff's
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.EXERCISE_BANK)
        parser.add_argument(
            "--restore", action="append", default=[], metavar="SLUG", help="may be given again"
        )

    def handle(
        self, *args: Any, folder: Path, restore: list[str], verbosity: int, **options: Any
    ) -> None:
        entries = list(banking.entries(folder))
        if not entries:
            raise CommandError(f"there is no exercise in {folder} (*.toml)")
        if unknown := set(restore) - {entry.slug for entry in entries}:
            raise CommandError(f"--restore: {folder} has no {', '.join(sorted(unknown))}")
        counts: Counter[Outcome] = Counter()
        for done, loaded in enumerate(load(entries, restore), start=1):
            counts[loaded.outcome] += 1
            for fault in loaded.faults:
                self.stderr.write(f"{loaded.entry}: {fault}")
            if verbosity and done % 25 == 0:
                self.stdout.write(f"{done} of {len(entries)}")
        self.stdout.write(", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome))
        if counts[Outcome.REFUSED]:
            raise CommandError(f"{counts[Outcome.REFUSED]} were refused, the rest is published")
