import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

from django.core.management.base import CommandError

from exercises.grading import batch
from exercises.grading.batch import BadLine, Options
from exercises.sandbox import Runner
from learning_assistant.commands import TeachingCommand, batch_lines

HELP = """Grade a file of answers, as an attempt of a learner is graded.

  manage.py grade --batch answers.jsonl --json > graded.jsonl

A line {"id", "code", "tests", "entry_point"} is code: tests are Python with plain asserts or a
check(candidate) function, and run apart from the code. Without an entry point it is the function
that the tests call. It comes back as {"id", "verdict": "passed|failed|unsupported|error", …}:
unsupported is Python that no runner here knows, error is a line that can't be judged.

A line {"id", "question", "reference", "answer", "max"} is a short answer without a rubric: it comes
back as {"id", "score", "max", "by"}, where the score is from 0 to max (5 where that is left out).

One line of output for each line of the file, in order; "-" is standard input. A bad line gets
the verdict "error" and is named on standard error, the others are graded nevertheless.
"""
AT_ONCE = 64  # lines read ahead
PROGRESS_S = 5.0
BAD_SHOWN = 200


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--batch", metavar="FILE", required=True, help="one JSON object a line")
        parser.add_argument("--json", action="store_true", help="JSON Lines instead of text")
        runners = [Runner.AUTO, Runner.MONTY, Runner.FENCED]
        parser.add_argument(
            "--runner", choices=[str(r) for r in runners], help="of code (default: CODE_SANDBOX)"
        )
        parser.add_argument(
            "--seconds", type=float, default=batch.CODE_SECONDS,
            help=f"for one call of the code, twice that for all (default {batch.CODE_SECONDS:g})",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0.1 <= options["seconds"] <= 600:
            raise CommandError(f"--seconds must be from 0.1 to 600, not {options['seconds']}")
        runner = Runner(options["runner"]) if options["runner"] else None
        told = Options(runner, options["seconds"])
        counts: Counter[str] = Counter()
        bad: list[int] = []
        started = said = time.monotonic()
        for number, line in enumerate(_graded(options["batch"], told), start=1):
            self._write(line, as_json=options["json"])
            counts[str(line.get("verdict", "scored"))] += 1
            if "line" in line:
                bad.append(line["line"])
                if len(bad) <= BAD_SHOWN:
                    self.stderr.write(f"{options['batch']}:{line['line']}: {line['error']}")
            if time.monotonic() - said > PROGRESS_S:
                said = time.monotonic()
                self.stderr.write(f"{number} done")
        took = time.monotonic() - started
        summary = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"
        self.stderr.write(f"{counts.total()} lines in {took:.1f} s: {summary}")
        if bad:
            raise CommandError(f"{len(bad)} bad lines, the others are graded")

    def _write(self, line: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(line))
            return
        error = line.get("error")
        said = error if isinstance(error, str) else _sentence(error or {})
        self.stdout.write(f"{line['id']}: {line.get('verdict', line.get('score'))} {said}".rstrip())


def _sentence(error: dict[str, Any]) -> str:
    words = ": ".join(str(error[key]) for key in ("type", "message") if error.get(key))
    return f"({words})" if words else ""


def _graded(source: str, options: Options) -> Iterator[dict[str, Any]]:
    """Every line's result, in order. Code is run in as many threads as there are cores."""
    lines = (entry for entry in enumerate(batch_lines(source), start=1) if entry[1].strip())
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        while batch_of := list(islice(lines, AT_ONCE)):
            waiting = [_begun(number, raw, options, threads) for number, raw in batch_of]
            yield from (result.result() for result in waiting)


def _begun(
    number: int, raw: bytes, options: Options, threads: ThreadPoolExecutor
) -> "Future[dict[str, Any]]":
    """A line that is being graded, or is done with."""
    done: Future[dict[str, Any]] = Future()
    try:
        line, kind = batch.read(raw)
    except BadLine as error:
        done.set_result(_bad(number, batch.identity(raw), error))
        return done

    def grade() -> dict[str, Any]:
        try:
            return {"id": line["id"]} | kind.grade(line, options)
        except BadLine as error:
            return _bad(number, line["id"], error)

    if kind.parallel:
        return threads.submit(grade)
    done.set_result(grade())
    return done


def _bad(number: int, identity: Any, error: BadLine) -> dict[str, Any]:
    return {"id": identity, "verdict": "error", "error": str(error), "line": number}
