"""Graders that need neither sandbox nor model (what they say is told by the answer itself), and a
bank of a few exercises."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exercises.content import CodingContent, ShortContent
from exercises.grading import coding, short
from exercises.marks import Mark
from exercises.models import Verdict
from tests.exercises import making
from tests.exercises.items import toml

Bank = Callable[..., Path]


@dataclass
class Graders:
    """What was graded; `dies` raises as a broken grader would, `absent` can't grade it here."""

    graded: list[str] = field(default_factory=list)
    dies: bool = False
    absent: bool = False

    def mark(self, answer: str, key: str, source: str) -> Mark:
        self.graded.append(answer)
        if self.dies:
            raise RuntimeError("the grader broke")
        if self.absent:
            return Mark(Verdict.UNGRADED, None, "This can't be run here.", source)
        if answer.strip() == key.strip():
            return Mark(Verdict.PASSED, 1.0, "All of it is there.", source)
        if answer.startswith("half"):
            return Mark(Verdict.PARTLY, 0.5, "Half of it is there.", source)
        return Mark(Verdict.FAILED, 0.0, "None of it is there. Begin anew.", source)


@pytest.fixture
def graders(monkeypatch: pytest.MonkeyPatch) -> Graders:
    """Stand in for grading.coding and grading.short, which have tests of their own."""
    made = Graders()

    def mark_code(content: CodingContent, code: str) -> Mark:
        mark = made.mark(code, content.solution, "tests")
        test = {"name": content.tests[0].name, "passed": mark.verdict == Verdict.PASSED}
        mark.details["tests"] = [test | {"expected": "2", "got": "1", "error": None}]
        return mark

    def mark_short(
        content: ShortContent, prompt: str, answer: str, *, seconds: float = 1.2
    ) -> Mark:
        assert 0 < seconds < 10.1
        return made.mark(answer, content.reference, "rubric")

    monkeypatch.setattr(coding, "mark", mark_code)
    monkeypatch.setattr(short, "mark", mark_short)
    return made


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Writes the items it is called with into a folder, as a file of the bank."""

    def write(*items: dict[str, object], more: str = "") -> Path:
        (tmp_path / "bank.toml").write_text("\n".join(map(toml, items)) + more)
        return tmp_path

    return write


@pytest.fixture
def topic(db: None) -> None:
    making.topic("optimization")
