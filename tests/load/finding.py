"""The measurement itself, in a process whose DATA_DIR is the scratch one (see retrieval.py)."""

import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from learning_assistant.embedded.services import Service, lease  # noqa: E402
from resources import ranking  # noqa: E402
from resources.models import IndexVersion, Resource  # noqa: E402
from resources.rag import embedding, evaluation, spelling  # noqa: E402
from resources.ranking import Filters  # noqa: E402
from tests.load import corpora, scratch_index, typing_errors, variations  # noqa: E402
from tests.load.twin import DEPTH, Exported  # noqa: E402

HEAD = ("", "nDCG@10", "R@100", "P@3", "judged", "cond.", "p", "p50 ms", "p95 ms")
ROW = "{:<46}" + 8 * "{:>8}" + "\n"
ROUNDS = 10_000
TOLERANCE = 0.005  # of nDCG: half precision changes the order of what is nearly equal


@dataclass(frozen=True)
class Line:
    """One system: means over the queries, and how likely its difference to ours is chance."""

    name: str
    ndcg_10: float
    recall_100: float
    p_3: float
    judged_10: float
    condensed_10: float  # nDCG of the ranking without what nobody has judged
    p: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None


@dataclass
class Measured:
    index: Exported
    ids: list[str]
    grades: Mapping[str, Mapping[str, int]]
    least: int  # the grade from which something is good

    def line(self, name: str, ranked: Sequence[Sequence[str]], ours: Any = None) -> Line:
        by_id = dict(zip(self.ids, ranked, strict=True))
        figures = evaluation.figures(by_id, self.grades, good=self.least)
        recalls = [self._recall(self.grades[q], links) for q, links in by_id.items()]
        return Line(
            name,
            round(figures.ndcg_10, 4),
            round(statistics.fmean(recalls), 4),
            round(figures.p_3, 4),
            round(figures.judged_10, 4),
            round(statistics.fmean(self.gains(self._condensed(ranked))), 4),
            None if ours is None else p_value(self.gains(ranked), self.gains(ours)),
        )

    def gains(self, ranked: Sequence[Sequence[str]]) -> list[float]:
        rows = zip(self.ids, ranked, strict=True)
        return [evaluation.ndcg(links, self.grades[q]) for q, links in rows]

    def _condensed(self, ranked: Sequence[Sequence[str]]) -> list[list[str]]:
        """Fairer to new systems where few are judged: Sakai (2007),
        https://doi.org/10.1145/1277741.1277756"""
        rows = zip(self.ids, ranked, strict=True)
        return [[link for link in links if link in self.grades[q]] for q, links in rows]

    def _recall(self, grades: Mapping[str, int], links: Sequence[str]) -> float:
        good = {link for link, grade in grades.items() if grade >= self.least}
        return len(good & set(links[:DEPTH])) / len(good) if good else 1.0


def p_value(a: Sequence[float], b: Sequence[float]) -> float:
    """A paired randomisation test, two-sided: Smucker et al. (2007),
    https://doi.org/10.1145/1321440.1321528"""
    differences = np.array(a) - np.array(b)
    signs = np.random.default_rng(1).choice([-1, 1], size=(ROUNDS, len(differences)))
    at_least = np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12
    return round(float(at_least.mean()), 4)


def products(index: Exported, queries: Sequence[str], *, mend: bool) -> tuple[Any, list[float]]:
    """What the product itself finds, and how many ms `ranking.search` takes for ten results."""
    links = dict(zip((row.pk for row in index.rows), index.links, strict=True))
    ranked, times = [], []
    for text in queries:
        query = spelling.corrected(index.version.pk, text) if mend else text
        vector = embedding.embed_query(index.version, query, 60)
        began = time.perf_counter()
        ranking.search(index.version.pk, query, vector, Filters(), 10)
        times.append((time.perf_counter() - began) * 1000)
        hits = ranking.search(index.version.pk, query, vector, Filters(), DEPTH)
        ranked.append([links[h.resource_id] for h in hits if h.resource_id])
    return ranked, times


def own_questions() -> tuple[IndexVersion, dict[str, str], dict[str, dict[str, int]]]:
    """The starter catalogue with the judged questions."""
    call_command("migrate", verbosity=0)
    call_command("load_catalogue", starter=True, wait=True, stdout=sys.stderr)
    judged = settings.STARTER_CATALOGUE / "judged"
    grades = evaluation.judgements(judged)
    queries = {q.id: q.text for q in evaluation.questions(judged) if q.id in grades}
    version = IndexVersion.objects.active()
    assert version is not None
    return version, queries, grades


def measure(folder: Path | None) -> list[Line]:
    if folder is None:
        version, queries, grades = own_questions()
    else:
        collection = corpora.read(folder)
        version = scratch_index.load(collection)
        queries, grades = collection.queries, collection.grades
    assert Resource.objects.exists()
    index = Exported(version, list(queries.values()))
    least = evaluation.GOOD if folder is None else 1
    measured = Measured(index, list(queries), grades, least)
    return compare(measured)


def compare(measured: Measured) -> list[Line]:
    index = measured.index
    show(dict(zip(Line.__dataclass_fields__, HEAD, strict=True)))
    mended, times = products(index, index.queries, mend=True)
    cuts = statistics.quantiles(times, n=20)
    timed = {"p50_ms": round(cuts[9], 1), "p95_ms": round(cuts[18], 1)}
    lines = [Line(**asdict(measured.line("ours", mended)) | timed)]
    show(asdict(lines[0]))
    plain, _ = products(index, index.queries, mend=False)
    lines.append(measured.line("ours, typing errors left", plain, mended))
    show(asdict(lines[-1]))
    for name, find in variations.all_of(index):
        ranked = find()
        lines.append(measured.line(name, ranked, plain))
        show(asdict(lines[-1]))
        if name == "ours (twin)":
            apart = abs(lines[-1].ndcg_10 - lines[1].ndcg_10)
            assert apart < TOLERANCE, "tests/load/twin.py ranks otherwise than resources.ranking"
    wrong = typing_errors.misspelt(index.queries, random.Random(7))
    typed, _ = products(index, wrong, mend=False)
    lines.append(measured.line("misspelt, as typed", typed, plain))
    lines.append(measured.line("misspelt, mended", products(index, wrong, mend=True)[0], typed))
    for line in lines[-2:]:
        show(asdict(line))
    return lines


def show(values: Mapping[str, Any]) -> None:
    cells = [values[name] for name in Line.__dataclass_fields__]
    texts = ["" if c is None else f"{c:.3f}" if isinstance(c, float) else c for c in cells]
    sys.stdout.write(ROW.format(*texts))
    sys.stdout.flush()


def main(target: Path, folder: Path | None) -> int:
    services = [s for s in settings.EMBEDDED_SERVICES if s != Service.VALKEY or folder is None]
    with lease(settings.DATA_DIR, services):
        scratch_index.use_cache(settings.DATA_DIR.parent / "vectors.sqlite")
        try:
            lines = measure(folder)
        except corpora.BadCollection as error:
            sys.exit(str(error))
    result = {"collection": str(folder or "judged"), "systems": [asdict(line) for line in lines]}
    target.write_text(json.dumps(result, indent=2) + "\n")
    sys.stdout.write(
        "\njudged: the share of the first ten with a grade; cond.: nDCG@10 without the others\n"
        "p: paired randomisation test on nDCG@10; against ours without mending, which the"
        " variations start from (misspelt, mended: against as typed; the second line: against"
        " ours)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
