"""Two versions of the index on the same questions: how much they agree, and which one is better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from resources.models import IndexVersion
from resources.rag import evaluation
from resources.rag.evaluation import DEPTH, Figures, Question

Grades = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Difference:
    """One question whose first ten differ."""

    question: Question
    in_common: int
    first_old: str
    first_new: str


@dataclass(frozen=True)
class Comparison:
    questions: int
    overlap_10: float  # of the first ten, the share in common, 0 to 1
    same_first: float  # the share of questions with the same first result
    judged: int  # questions that have judgements
    old: Figures | None
    new: Figures | None
    differences: list[Difference]  # the most different first


def compare(
    old: IndexVersion,
    new: IndexVersion,
    questions: Sequence[Question],
    grades: Grades,
    progress: Callable[[int], None],
) -> Comparison:
    """Search each of *questions* in both versions. Raises `ollama.ModelUnavailable`."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for number, question in enumerate(questions, start=1):
        found[question.id] = (_links(old, question), _links(new, question))
        progress(number)
    judged = [q.id for q in questions if q.id in grades]

    def figures(side: int) -> Figures | None:
        ranked = {pk: found[pk][side] for pk in judged}
        return evaluation.figures(ranked, grades) if ranked else None

    differences = [_difference(q, *found[q.id]) for q in questions]
    return Comparison(
        questions=len(questions),
        overlap_10=fmean(_overlap(*found[q.id]) for q in questions),
        same_first=fmean(a[:1] == b[:1] for a, b in found.values()),
        judged=len(judged),
        old=figures(0),
        new=figures(1),
        differences=sorted(differences, key=lambda d: d.in_common),
    )


def _links(version: IndexVersion, question: Question) -> list[str]:
    return evaluation.rankings(version, question.text, DEPTH, ["ours"])["ours"]


def _overlap(old: list[str], new: list[str]) -> float:
    longest = max(len(old), len(new))
    return len(set(old) & set(new)) / longest if longest else 1.0


def _difference(question: Question, old: list[str], new: list[str]) -> Difference:
    first = (links[0] if links else "nothing" for links in (old, new))
    return Difference(question, len(set(old) & set(new)), *first)
