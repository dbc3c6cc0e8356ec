from typing import Any

from django.core.management.base import BaseCommand, CommandError

from learning_assistant import parts
from learning_assistant.parts import State

MARKS = {State.OK: "✔", State.WARN: "!", State.FAIL: "✘"}


class Command(BaseCommand):
    help = "Show every part, how it is, and the command or setting that mends it."

    def handle(self, *args: Any, **options: Any) -> None:
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
        failed = [line.part for line in found if line.state == State.FAIL]
        if failed:
            raise CommandError(f"needs mending: {', '.join(failed)}")
