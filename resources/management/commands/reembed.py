import argparse
import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from learning_assistant.commands import TeachingCommand
from learning_assistant.ollama import ModelRefused, ModelUnavailable
from resources.models import IndexVersion
from resources.models.index import VersionState
from resources.rag import (
    comparing,
    evaluation,
    graph,
    indexing,
    prefixes,
    rebuilding,
    versions,
)
from resources.rag.evaluation import Figures, Question

HELP = """Change the embedding model, or make all vectors anew, while searches go on.

  manage.py reembed --model nomic-embed-text     build a version beside the active one
  manage.py reembed --compare                    the new one and the active one, same questions
  manage.py reembed --activate                   search with the new one from now on
  manage.py reembed --rollback                   back to the one before, which is kept up to date
  manage.py reembed --list                       all versions, with their state
  manage.py reembed --drop 3                     delete the vectors of version 3

A build that ended early, even by kill -9, goes on where it stopped when the same command is given
again. Ctrl-C and --cancel (from elsewhere) stop it after the rows it is at. --activate, --compare
take the newest version that is ready, or the ID that is given.
"""
ROW = "{:>4}  {:<28} {:<13} {:>5}  {:<9} {:>8} {:>7} {:>8} {:>8}"


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        todo = parser.add_mutually_exclusive_group(required=True)
        todo.add_argument("--model", metavar="NAME", help="build a version with this model")
        todo.add_argument("--compare", nargs="?", type=int, const=0, metavar="ID")
        todo.add_argument("--activate", nargs="?", type=int, const=0, metavar="ID")
        todo.add_argument("--rollback", action="store_true")
        todo.add_argument("--cancel", action="store_true", help="stop whoever is building")
        todo.add_argument("--drop", type=int, metavar="ID")
        todo.add_argument("--list", action="store_true", dest="show")
        parser.add_argument(
            "--dimensions",
            type=int,
            metavar="N",
            help="with --model: keep N numbers a vector, for models that are made to be shortened",
        )
        parser.add_argument(
            "--query-prefix",
            metavar="TEXT",
            help="with --model: put in front of a query; default: what the model's makers say",
        )
        parser.add_argument("--passage-prefix", metavar="TEXT", help="the same for what is indexed")
        parser.add_argument(
            "--queries",
            type=Path,
            metavar="FILE",
            help='with --compare: lines {"text": …} instead of the judged questions',
        )
        parser.add_argument(
            "--force", action="store_true", help="with --activate: though its model is away"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["model"]:
                self._build(options)
            elif options["compare"] is not None:
                self._compare(options["compare"], options["queries"])
            elif options["activate"] is not None:
                self._activate(self._chosen(options["activate"]), force=options["force"])
            elif options["rollback"]:
                self._activate(versions.previous(), force=True)
            elif options["drop"] is not None:
                self._drop(options["drop"])
            elif options["cancel"]:
                self._cancel()
            else:
                self._list()
        except versions.CannotSwitch as error:
            raise CommandError(str(error)) from error
        except ModelRefused as error:
            mend = f"\n`ollama pull {options['model']}` there?" if options["model"] else ""
            raise CommandError(f"the model server: {error}{mend}") from error
        except ModelUnavailable as error:
            raise CommandError(f"the model server: {error}") from error

    def _build(self, options: dict[str, Any]) -> None:
        if options["dimensions"] is not None and options["dimensions"] < 1:
            raise CommandError(f"--dimensions: at least 1, {options['dimensions']} was given")
        known = prefixes.known(options["model"])
        query, passage = options["query_prefix"], options["passage_prefix"]
        recipe = versions.recipe(
            options["model"],
            dimensions=options["dimensions"],
            query_prefix=known.query if query is None else query,
            passage_prefix=known.passage if passage is None else passage,
        )
        version = versions.find_or_make(recipe)
        self.stdout.write(f"version {version.pk}: {version}, {version.dimension} dimensions")
        for name in ("query_prefix", "passage_prefix"):
            if text := getattr(version, name):
                self.stdout.write(f"  {name}: {text!r}")
        try:
            done = rebuilding.build(version, _Progress(self), self._say)
        except rebuilding.Stopped as error:
            raise CommandError(f"version {version.pk}: {error}") from error
        except KeyboardInterrupt as error:
            raise CommandError("stopped; the same command goes on where it stopped") from error
        except ModelUnavailable as error:
            raise CommandError(
                f"stopped, the model server: {error}\nThe same command goes on where it stopped."
            ) from error
        self._built(version, done)

    def _built(self, version: IndexVersion, done: rebuilding.Progress) -> None:
        self.stdout.write(
            f"version {version.pk} is {version.state}: {version.rows} rows, {done.done} embedded in"
            f" {done.seconds:.0f} s, {done.refused} refused by the model server"
        )
        for fault in version.faults.select_related("entry__resource", "entry__chunk__document")[
            :20
        ]:
            self.stderr.write(f"  {fault.entry}: {fault.message}")
        if version.state == VersionState.READY:
            self.stdout.write(
                f"next: reembed --compare {version.pk}, then reembed --activate {version.pk}"
            )

    def _say(self, line: str) -> None:
        self.stderr.write(line)

    def _chosen(self, pk: int) -> IndexVersion:
        if pk:
            if found := IndexVersion.objects.filter(pk=pk).first():
                return found
            raise CommandError(f"there is no version {pk}; reembed --list shows them")
        newest = IndexVersion.objects.filter(state=VersionState.READY).order_by("-pk").first()
        if newest is None:
            raise CommandError("no version is ready: reembed --model NAME builds one")
        return newest

    def _compare(self, pk: int, queries: Path | None) -> None:
        new, old = self._chosen(pk), IndexVersion.objects.active()
        if old is None or old.pk == new.pk:
            raise CommandError(f"version {new.pk} is the active one: nothing to compare it with")
        if new.state == VersionState.RETIRED:
            raise CommandError(f"version {new.pk} was dropped: its vectors are gone")
        judged = settings.STARTER_CATALOGUE / "judged"
        questions = _questions(queries) if queries else evaluation.questions(judged)
        grades = {} if queries else evaluation.judgements(judged)
        if not questions:
            raise CommandError(f"--queries: {queries} holds no question")
        result = comparing.compare(old, new, questions, grades, self._counter(len(questions)))
        self.stdout.write(
            f"{result.questions} questions: {result.overlap_10:.0%} of the first ten in common,"
            f" {result.same_first:.0%} with the same first result"
        )
        if result.old and result.new:
            self._table(result.judged, {f"{old.pk} (active)": result.old, str(new.pk): result.new})
        for difference in result.differences[:5]:
            self.stdout.write(
                f"{difference.in_common} of 10 in common: {difference.question.text!r}\n"
                f"  now  {difference.first_old}\n  then {difference.first_new}"
            )

    def _table(self, judged: int, rows: dict[str, Figures]) -> None:
        row = "{:<14}{:>10}{:>8}{:>14}{:>12}"
        self.stdout.write(f"on the {judged} judged questions (for the starter catalogue)")
        self.stdout.write(row.format("version", "nDCG@10", "P@3", "3 good of 3", "judged@10"))
        for name, f in rows.items():
            figures = (
                f"{f.ndcg_10:.3f}",
                f"{f.p_3:.3f}",
                f"{f.three_good:.1%}",
                f"{f.judged_10:.1%}",
            )
            self.stdout.write(row.format(name, *figures))

    def _counter(self, total: int) -> Any:
        def count(number: int) -> None:
            if number % 50 == 0 or number == total:
                self.stderr.write(f"{number} of {total} questions")

        return count

    def _activate(self, version: IndexVersion, *, force: bool) -> None:
        if version.state == VersionState.READY:
            try:
                rebuilding.catch_up(version)
            except ModelUnavailable as error:
                behind = indexing.lag(version)
                if not force:
                    raise CommandError(
                        f"version {version.pk} is {behind} rows behind and its model is away"
                        f" ({error}); --force activates it nevertheless"
                    ) from error
                self.stderr.write(f"its model is away, {behind} rows are behind: {error}")
        old = versions.activate(version)
        self.stdout.write(f"active: version {version.pk}, {version}")
        if old:
            self.stdout.write(
                f"version {old.pk} is kept up to date: reembed --rollback goes back to it,"
                f" reembed --drop {old.pk} deletes it"
            )
        if version.model != settings.EMBED_MODEL:
            self.stdout.write(f"set EMBED_MODEL={version.model}, so that a new index is like it")

    def _drop(self, pk: int) -> None:
        version = self._chosen(pk)
        versions.drop(version)
        graph.drop(version)
        self.stdout.write(f"version {version.pk} is dropped")

    def _cancel(self) -> None:
        asked = versions.cancel()
        if not asked:
            self.stdout.write("no version is being built")
        for version in asked:
            self.stdout.write(f"version {version.pk} stops after the rows it is at")

    def _list(self) -> None:
        self.stdout.write(
            ROW.format(
                "id", "model", "digest", "width", "state", "rows", "behind", "refused", "built in"
            )
        )
        for v in IndexVersion.objects.order_by("pk"):
            live = v.state != VersionState.RETIRED
            state = "building*" if live and rebuilding.being_built(v) else v.state
            self.stdout.write(
                ROW.format(
                    v.pk,
                    v.model[:28],
                    v.digest[:12],
                    v.dimension,
                    state,
                    v.rows,
                    indexing.lag(v) if live else "-",
                    v.faults.count(),
                    f"{v.build_seconds:.0f} s",
                )
            )
        self.stdout.write("building*: a process is at it now")


class _Progress:
    """A line every few seconds; the rate is that of this run."""

    EVERY_S = 5.0

    def __init__(self, command: TeachingCommand) -> None:
        self._command = command
        self._said_at = float("-inf")

    def __call__(self, progress: rebuilding.Progress) -> None:
        finished = progress.done >= progress.total
        if time.monotonic() - self._said_at < self.EVERY_S and not finished:
            return
        self._said_at = time.monotonic()
        line = f"{progress.done:,} of {progress.total:,} rows"
        if progress.done and progress.seconds_left is not None:
            line += f", {progress.rate:.1f} a second, {_duration(progress.seconds_left)} left"
        if progress.refused:
            line += f", {progress.refused} refused"
        self._command.stdout.write(line)
        self._command.stdout.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _questions(path: Path) -> list[Question]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [
            Question(str(n), str(json.loads(line)["text"]), "")
            for n, line in enumerate(lines, start=1)
            if line.strip()
        ]
    except OSError as error:
        raise CommandError(f"--queries: {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f'--queries: {path}: lines must be {{"text": …}}: {error!r}') from error
