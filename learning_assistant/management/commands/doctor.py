import argparse
import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from learning_assistant import canary, parts
from learning_assistant.canary import Canary
from learning_assistant.commands import TeachingCommand
from learning_assistant.parts import State

MARKS = {State.OK: "✔", State.WARN: "!", State.FAIL: "✘"}
HELP = """Show every part, how it is, and the command or setting that mends it.

  manage.py doctor               all parts, at once
  manage.py doctor --canary      also whether the model server mixes up its callers: 500 answers,
                                 MODEL_SLOTS of them (at least 4) at a time; takes some minutes
  manage.py doctor --canary 50   the same with fewer
"""
CANARY = 500
PROGRESS_S = 10.0


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--canary", nargs="?", type=int, const=CANARY, metavar="ANSWERS")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = self._show_parts()
        if options["canary"] is not None:
            self._sing(options["canary"])
        if failed:
            raise CommandError(f"needs mending: {', '.join(failed)}")

    def _sing(self, answers: int) -> None:
        if answers < 1:
            raise CommandError(f"--canary: at least 1 answer, {answers} was given")
        told = time.monotonic()

        def report(so_far: Canary) -> None:
            nonlocal told
            if time.monotonic() - told > PROGRESS_S:
                told = time.monotonic()
                self.stdout.write(f"  {so_far.answers} of {answers} answers")

        found = canary.sing(answers, max(settings.MODEL_SLOTS, 4), report)
        self.stdout.write(
            f"canary: {found.answers} answers in {found.seconds:.0f} s, {found.own} with their own "
            f"word, {len(found.leaks)} with another's, {len(found.failed)} failed"
        )
        if found.leaks:
            raise CommandError(
                "the model server mixes up its callers: update it, or run it with one slot "
                "(OLLAMA_NUM_PARALLEL=1)"
            )
        if not found.own:
            why = found.failed[0] if found.failed else "no answer holds its own word"
            raise CommandError(f"the canary can't tell: {why}")

    def _show_parts(self) -> list[str]:
        """Show them; the names of those that fail."""
        found = list(parts.lines())
        part_width = max(len(line.part) for line in found)
        detail_width = min(max(len(line.detail) for line in found), 70)
        styles = {
            State.OK: self.style.SUCCESS,
            State.WARN: self.style.WARNING,
            State.FAIL: self.style.ERROR,
        }
        for line in found:
            mark = styles[line.state](MARKS[line.state])
            mend = f"  → {line.mend}" if line.mend else ""
            self.stdout.write(
                f"{mark} {line.part:<{part_width}}  {line.detail:<{detail_width}}{mend}".rstrip()
            )
        return [line.part for line in found if line.state == State.FAIL]
