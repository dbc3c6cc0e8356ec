import argparse
import json
import time
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from exercises.generation import capability, pool
from exercises.generation.making import Made, Maker, Outcome
from exercises.models import ExerciseType
from learning_assistant import ollama
from learning_assistant.commands import TeachingCommand
from resources.models import IndexVersion, Level, Topic

HELP = """Make exercises from the catalogue and from ingested documents.

  manage.py generate_exercises                              ten, where the pool has the fewest
  manage.py generate_exercises --type cloze --topic transformers --level advanced
  manage.py generate_exercises --count 50 --dry-run -v 2    show fifty, and store none
  manage.py generate_exercises --examine                    test the chat model anew, then make some

Each is made from one passage, which it keeps, and stored only if it passes every check: no answer
given away, no duplicate, a key that fits. Who may let it out: code makes choices and clozes, and of
these the clozes from published summaries go out by their proof; the others wait for staff in the
admin (state: proven). A chat model that solves a dozen choices of the bank without their key makes
whole exercises of all four types, and its own solution, without the key, lets choices and clozes
out or refuses them. The embedded model does not pass that test. Passages that gave one are passed
over, so this may be run again at any time; workers do the same every five minutes until each type,
topic and level has EXERCISE_POOL_TARGET.
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--type", choices=ExerciseType.values)
        parser.add_argument("--topic", default="", metavar="SLUG")
        parser.add_argument("--level", choices=Level.values, default="")
        parser.add_argument("--count", type=int, default=10, help="so many at most (10)")
        parser.add_argument("--dry-run", action="store_true", help="store nothing")
        parser.add_argument("--examine", action="store_true", help="test the chat model anew")
        parser.add_argument("--json", action="store_true", help="JSON Lines, one a passage")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 1:
            raise CommandError(f"--count must be 1 or more, {options['count']} was given")
        if options["topic"] and not Topic.objects.filter(slug=options["topic"]).exists():
            raise CommandError(f"there is no topic {options['topic']!r}")
        if IndexVersion.objects.active() is None:
            raise CommandError("there is no index yet: `load_catalogue --starter --wait` makes one")
        self._json, self._verbosity = options["json"], options["verbosity"]
        self._counts: Counter[Outcome] = Counter()
        self._reasons: Counter[str] = Counter()
        try:
            self._make(**options)
        except ollama.ModelUnavailable as error:
            raise CommandError(f"stopped, what was made is kept: {error}") from error
        finally:
            self._summary()

    def _make(self, count: int, examine: bool, dry_run: bool, **options: Any) -> None:
        maker = Maker(dry_run=dry_run)
        self._examine(maker, anew=examine)
        wanted = options["type"]
        if wanted and wanted not in maker.types():
            raise CommandError(
                f"only a model that has passed the test makes {wanted}: {settings.CHAT_MODEL} has "
                "not (CHAT_MODEL names another one, --examine tests again)"
            )
        types = (wanted,) if wanted else maker.types()
        if options["topic"] or options["level"] or dry_run:
            runs = [(type_, options["topic"], options["level"]) for type_ in types]
        else:
            runs = [(p.type, p.topic, p.level) for p in pool.missing(types)]
        whole_pool = not (options["topic"] or options["level"] or dry_run)
        for number, (type_, topic, level) in enumerate(runs):
            left = count - self._kept
            # A run that names no place shares what is wanted among the types.
            share = (
                settings.EXERCISE_POOL_TARGET if whole_pool else -(-left // (len(runs) - number))
            )
            if left < 1:
                return
            self._run(maker, type_, topic, level, min(left, max(share, 1)))

    def _run(self, maker: Maker, type_: str, topic: str, level: str, most: int) -> None:
        began = self._kept
        for made in maker.make(type_, topic, level):
            self._show(made)
            if self._kept - began >= most:
                return

    @property
    def _kept(self) -> int:
        return self._counts[Outcome.PROVEN] + self._counts[Outcome.PUBLISHED]

    def _examine(self, maker: Maker, *, anew: bool) -> None:
        asker = maker.asker
        if not anew and capability.able(asker.digest) is not None:
            return
        began = time.monotonic()
        try:
            passed = capability.examine(asker)
        except ollama.ModelUnavailable as error:
            self.stderr.write(f"{asker.model} was not tested, code makes what it can: {error}")
            return
        if self._verbosity and not self._json:
            can = "may make whole exercises" if passed else "may not make whole exercises"
            took = time.monotonic() - began
            self.stdout.write(f"{asker.model} was tested ({took:.0f} s): it {can}")

    def _show(self, made: Made) -> None:
        self._counts[made.outcome] += 1
        if not made.kept:
            self._reasons[f"{made.outcome}: {made.reason}"] += 1
        if self._json:
            self.stdout.write(json.dumps(_line(made), ensure_ascii=False))
        elif self._verbosity > 1 and made.draft:
            item = made.draft.item
            self.stdout.write(f"{made.outcome} {item.slug} ({made.seconds:.2f} s) {made.reason}")
            self.stdout.write(json.dumps(item.model_dump(mode="json"), indent=1))
        elif self._verbosity and made.kept and self._kept % 10 == 0:
            self.stdout.write(f"{self._kept} made, {sum(self._counts.values())} passages tried")

    def _summary(self) -> None:
        if self._json:
            return
        told = ", ".join(f"{n} {outcome}" for outcome, n in self._counts.items())
        self.stdout.write(told or "no passage was left to try")
        for reason, n in self._reasons.most_common():
            self.stdout.write(f"{n:>6}  {reason}")


def _line(made: Made) -> dict[str, Any]:
    item = made.draft.item if made.draft else None
    return {
        "type": made.type,
        "outcome": made.outcome,
        "reason": made.reason,
        "detail": made.detail,
        "seconds": made.seconds,
        "by": made.by,
        "passage": made.passage.key,
        "exercise": item.model_dump(mode="json") if item else None,
    }
