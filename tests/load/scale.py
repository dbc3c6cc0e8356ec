"""`make bench-scale`: the search alone, over 10,000 resources and over 100,000 chunks.

make bench-scale                        both sizes, then drops their databases
make bench-scale ARGS="--keep"          keeps them, so that the next run measures at once
make bench-scale ARGS="--chunks 20000"  another size

One client, no model server: the questions are the judged ones, embedded beforehand. Each case goes
over them several times; the pass with the lowest p95 counts, since other programs' load only adds.
"CPU" is the mean of what PostgreSQL's process used for a question, where it can be seen.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "learning_assistant.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from learning_assistant.embedded.services import lease  # noqa: E402
from resources import presenting, ranking  # noqa: E402
from resources.models import IndexVersion  # noqa: E402
from resources.rag import graph  # noqa: E402
from resources.ranking import ASK_WEIGHT, EXACT_ROWS, Filters, Hit, Scope  # noqa: E402
from tests.load import scratch, synthetic  # noqa: E402

PASSES = 3
LIMIT = 10
EVERYTHING = 1_000_000_000  # as `exact_rows`: no graph
ROW = "{:<46} {:>8} {:>8} {:>8} {:>8} {:>10}\n"
HEAD = ("case", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "recall@10")


@dataclass(frozen=True)
class Case:
    name: str
    words: bool = True
    vector: bool = True
    scope: Scope = Scope.RESOURCES
    filters: Filters = Filters()
    ask_weight: float = 0.0
    exact_rows: int = EXACT_ROWS


@dataclass
class Measured:
    case: str
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms: float | None
    recall_10: float | None = None
    fewest: int = 0  # hits that a question got, of LIMIT


@dataclass
class Size:
    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    cases: list[Measured] = field(default_factory=list)


class Bench:
    def __init__(self, cache: Path) -> None:
        self.questions = synthetic.questions()
        self.vectors = [[float(x) for x in v] for v in synthetic.embed(self.questions, cache)]

    def hits(self, version: int, case: Case, number: int) -> list[Hit]:
        return ranking.search(
            version,
            self.questions[number] if case.words else "",
            self.vectors[number] if case.vector else None,
            case.filters,
            LIMIT,
            case.scope,
            ask_weight=case.ask_weight,
            exact_rows=case.exact_rows,
        )

    def measure(self, version: int, case: Case, *, recall: bool) -> Measured:
        found: list[list[Hit]] = [[]] * len(self.questions)

        def ask(number: int) -> None:
            found[number] = self.hits(version, case, number)

        measured = self.timed(case.name, ask)
        measured.fewest = min(map(len, found))
        if recall:
            exact = Case(**{**vars(case), "exact_rows": EVERYTHING})
            shares = []
            for number, hits in enumerate(found):
                best = {h.entry_id for h in self.hits(version, exact, number)}
                common = len(best & {h.entry_id for h in hits})
                shares.append(common / len(best) if best else 1.0)
            measured.recall_10 = round(statistics.fmean(shares), 4)
        return measured

    def whole(self, name: str, filters: Filters, *, asks: bool = True) -> Measured:
        """What a worker does between the question's vector and its reply."""

        def ask(number: int) -> None:
            version = IndexVersion.objects.active()
            assert version is not None
            query, vector = self.questions[number], self.vectors[number]
            asked = (version.pk, query, vector, filters, 5)
            hits = ranking.rank(*asked).hits if asks else ranking.search(*asked, ask_weight=0)
            presenting.describe(hits, query, version.pk, vector)

        return self.timed(name, ask)

    def timed(self, name: str, ask: Callable[[int], None]) -> Measured:
        best: Measured | None = None
        for _ in range(PASSES + 1):
            before, took = _cpu_ms(), []
            for number in range(len(self.questions)):
                began = time.perf_counter()
                ask(number)
                took.append((time.perf_counter() - began) * 1000)
            after = _cpu_ms()
            cpu = None if before is None or after is None else (after - before) / len(took)
            cuts = [round(x, 1) for x in statistics.quantiles(took, n=100)]
            this = Measured(name, cuts[49], cuts[94], cuts[98], cpu and round(cpu, 1))
            best = this if best is None or this.p95_ms < best.p95_ms else best
        assert best is not None
        return best


def _cpu_ms() -> float | None:
    """What the server's process of our connection has used, on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except OSError:
        return None


def _megabytes() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_relation_size(oid) / 1e6 FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
            " AND relname ~ '^resources_(indexentry|lexicalvector|densevector|facetvector)(_v.*)?$'"
        )
        return {name: round(float(size), 1) for name, size in cursor.fetchall()}


def resources(bench: Bench, size: Size, version: IndexVersion) -> None:
    _build_graphs(size, version)
    narrow = Filters(level="beginner", kind="video")
    for case in (
        Case("words alone", vector=False),
        Case("vector alone", words=False),
        Case("both"),
        Case("both, all scanned", exact_rows=EVERYTHING),
        Case("both, level and kind", filters=narrow),
        Case("both and asks", ask_weight=ASK_WEIGHT),
        Case("both and asks, all scanned", ask_weight=ASK_WEIGHT, exact_rows=EVERYTHING),
    ):
        _show(size, bench.measure(version.pk, case, recall=case.exact_rows != EVERYTHING))
    _show(size, bench.whole("whole search, no asks", Filters(), asks=False))
    _show(size, bench.whole("whole search", Filters()))
    _show(size, bench.whole("whole search, level", Filters(level="beginner")))
    _show(size, bench.whole("whole search, level and kind", narrow))


def documents(bench: Bench, size: Size, version: IndexVersion) -> None:
    _build_graphs(size, version)
    every = Scope.ALL
    for case in (
        Case("words alone", vector=False, scope=every),
        Case("vector alone", words=False, scope=every),
        Case("both", scope=every),
        Case("both, all scanned", scope=every, exact_rows=EVERYTHING),
        Case("both, documents", scope=Scope.DOCUMENTS),
        Case("both and asks", scope=every, ask_weight=ASK_WEIGHT),
        Case("both, 791 resources among the chunks"),
        Case("the same, level", filters=Filters(level="beginner")),
        Case("the same and asks", ask_weight=ASK_WEIGHT),
    ):
        _show(size, bench.measure(version.pk, case, recall=case.exact_rows != EVERYTHING))
    _show(size, bench.whole("whole search, 5 of 791 resources", Filters()))


def _build_graphs(size: Size, version: IndexVersion) -> None:
    began = time.perf_counter()
    graph.ensure(version)
    size.seconds["graphs"] = round(time.perf_counter() - began, 1)
    size.megabytes = _megabytes()


def _show(size: Size, measured: Measured) -> None:
    size.cases.append(measured)
    figures = (measured.p50_ms, measured.p95_ms, measured.p99_ms, measured.cpu_ms)
    shown = ["" if f is None else f"{f:.1f}" for f in figures]
    recall = "" if measured.recall_10 is None else f"{measured.recall_10:.3f}"
    sys.stdout.write(ROW.format(measured.case, *shown, recall))
    sys.stdout.flush()


def run(name: str, counts: tuple[int, int], keep: bool, cases: Any) -> Size:
    cache = settings.DATA_DIR / "scale"
    size = Size(name)
    database = f"scale_{counts[0]}_{counts[1]}"
    sys.stdout.write(f"\n{name}\n")
    with scratch.database(database) as is_new:
        if is_new:
            size.seconds = scratch.fill(synthetic.Maker(cache), *counts)
        version = IndexVersion.objects.active()
        assert version is not None
        graph.drop(version)
        sys.stdout.write(ROW.format(*HEAD))
        cases(Bench(cache), size, version)
    if not keep:
        scratch.drop(database)
    for what, values in (("s", size.seconds), ("MB", size.megabytes)):
        for label, value in values.items():
            sys.stdout.write(f"{value:>10.1f} {what:<3} {label}\n")
    return size


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--resources", type=int, default=10_000)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--only", choices=["resources", "chunks"])
    parser.add_argument("--keep", action="store_true", help="keep the scratch databases")
    parser.add_argument("--json", type=Path, default=Path("bench-scale.json"))
    options = parser.parse_args()
    sizes = []
    with lease(settings.DATA_DIR, settings.EMBEDDED_SERVICES):
        if options.only != "chunks":
            counts = (options.resources, 0)
            sizes.append(run(f"{options.resources:,} resources", counts, options.keep, resources))
        if options.only != "resources":
            counts = (791, options.chunks)
            sizes.append(run(f"{options.chunks:,} chunks", counts, options.keep, documents))
    options.json.write_text(json.dumps([asdict(size) for size in sizes], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
