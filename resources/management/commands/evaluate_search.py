import argparse
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from learning_assistant.commands import TeachingCommand
from resources.models import IndexVersion, Resource, Role
from resources.rag import evaluation

JUDGED = settings.STARTER_CATALOGUE / "judged"
ROW = "{:<8}{:>10}{:>8}{:>14}{:>12}"

HELP = """Measure the search on the judged questions: BM25, dense and ours side by side.

  manage.py evaluate_search                 the table, over the questions that ship
  manage.py evaluate_search --worst 10      and the questions where ours does worst
  manage.py evaluate_search --pool 10 > pool.jsonl
                                            what is still to be judged among the first ten of each

How to judge stands in resources/catalogue/judged/README.md.
"""


class Command(TeachingCommand):
    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--judged", type=Path, default=JUDGED, metavar="DIR")
        parser.add_argument("--pool", type=int, metavar="DEPTH", help="print what to judge")
        parser.add_argument("--worst", type=int, default=0, metavar="N")

    def handle(
        self, *args: Any, judged: Path, pool: int | None, worst: int, **options: Any
    ) -> None:
        version = IndexVersion.objects.active()
        if version is None:
            raise CommandError("the index is empty: load_catalogue --starter --wait")
        questions = evaluation.questions(judged)
        grades = evaluation.judgements(judged)
        if pool is not None:
            self._pool(version, questions, grades, pool)
            return
        questions = [q for q in questions if q.id in grades]
        if not questions:
            raise CommandError(f"nothing is judged in {judged}")
        ranked: dict[str, dict[str, list[str]]] = {s: {} for s in evaluation.SYSTEMS}
        for question in questions:
            for system, links in evaluation.rankings(version, question.text).items():
                ranked[system][question.id] = links
        self._table(ranked, grades, len(questions))
        self._worst(questions, ranked["ours"], grades, worst)

    def _table(self, ranked: Any, grades: Any, count: int) -> None:
        self.stdout.write(f"{count} questions")
        self.stdout.write(ROW.format("", "nDCG@10", "P@3", "3 good of 3", "judged@10"))
        for system, links in ranked.items():
            f = evaluation.figures(links, grades)
            self.stdout.write(
                ROW.format(
                    system,
                    f"{f.ndcg_10:.3f}",
                    f"{f.p_3:.3f}",
                    f"{f.three_good:.1%}",
                    f"{f.judged_10:.1%}",
                )
            )

    def _worst(self, questions: Any, ours: Any, grades: Any, count: int) -> None:
        def good(q: evaluation.Question) -> int:
            return sum(grades[q.id].get(u, 0) >= evaluation.GOOD for u in ours[q.id][:3])

        for question in sorted(questions, key=good)[:count]:
            self.stdout.write(f"\n{question.id} {question.text!r} ({question.kind})")
            for link in ours[question.id][:3]:
                self.stdout.write(f"  {grades[question.id].get(link, '-')}  {link}")

    def _pool(self, version: IndexVersion, questions: Any, grades: Any, depth: int) -> None:
        for question in questions:
            found = evaluation.rankings(version, question.text, depth)
            links = {link for system in found.values() for link in system}
            # Sorted by link: who judges must not see which system ranked what how high.
            new = sorted(links - set(grades.get(question.id, {})))
            resources = Resource.objects.filter(canonical_url__in=new).prefetch_related("facets")
            self.stdout.write(
                json.dumps(
                    {
                        "question": question.id,
                        "text": question.text,
                        "candidates": [
                            {
                                "url": r.url,
                                "title": r.title,
                                "kind": r.kind,
                                "level": r.level,
                                "summary": r.summary,
                                "facets": [f.text for f in r.facets.all() if f.role == Role.CASE],
                            }
                            for r in sorted(resources, key=lambda r: r.canonical_url)
                        ],
                    },
                    ensure_ascii=False,
                )
            )
