"""The words on an answer in code: what is right, what is missing, one next step."""

import pytest
from pytest_django import Settings

from exercises.content import CodingContent
from exercises.grading.coding import mark
from exercises.models import Verdict
from exercises.sandbox import Runner, fenced
from tests.exercises.attacks import case

MEAN = CodingContent(
    type="coding",
    entry_point="mean",
    starter="def mean(xs: list[float]) -> float:\n    return 1\n",
    solution="def mean(xs):\n    return sum(xs) / len(xs) if xs else 0.0\n",
    tests=[case("mean([1, 2, 6])", 3.0), case("mean([0.1, 0.2])", 0.15), case("mean([])", 0.0)],
)
BODY = "def mean(xs):\n    "


@pytest.mark.parametrize(
    ("code", "score", "words"),
    [
        (MEAN.solution, 1.0, ["Right: all 3 tests pass."]),
        (BODY + "return sum(xs) / len(xs)", 2 / 3,
         ["2 of 3 tests pass", "mean([]) raises ZeroDivisionError: division by zero",
          "line 2: `return sum(xs) / len(xs)`", "When is the divisor 0"]),
        (BODY + "return 0.0", 1 / 3,
         ["1 of 3 tests pass", "“mean([1, 2, 6])” fails", "should give 3.0, and yours gives 0.0"]),
        (BODY + "print(sum(xs) / len(xs) if xs else 0.0)", 0.0,
         ["No test passes yet", "yours gives None", "put `return` where `print` is"]),
        (BODY + "sum(xs)", 0.0, ["yours gives None", "A function without `return` gives None"]),
        ("def average(xs):\n    return 0", 0.0,
         ["no function `mean`", "only `average`", "`def mean(xs: list[float]) -> float:`"]),
        ("", 0.0, ["no function `mean`", "Begin with `def mean(xs: list[float]) -> float:`"]),
        ("def mean(xs)\n    return 0", 0.0,
         ["can't read the code: expected ':'", "line 1: `def mean(xs)`", "Mend that line first"]),
        (BODY + "while True:\n        pass", 0.0, ["more than 0.8 seconds", "come to its end"]),
        (BODY + "return [xs] * 10**9", 0.0, ["more than 96 MB of memory", "line 2"]),
        (BODY + "return mean(xs)", 0.0, ["RecursionError", "which case should return"]),
        (BODY + "return totl / len(xs)", 0.0, ["name 'totl' is not defined", "spelt the same"]),
        ("import numpy as np\n" + BODY + "return np.mean(xs)", 0.0,
         ["No module named 'numpy'", "line 1: `import numpy as np`", "Only Python's own library"]),
        (BODY + "return str(sum(xs) / len(xs) if xs else 0.0)", 0.0,
         ["yours gives '3.0'", "Look at the type: float is wanted, yours is str"]),
        (BODY + "return lambda: 3", 0.0, ["yours gives <function>", "Return plain values"]),
        (BODY + "return True", 0.0, ["yours gives True"]),
        ("import sys\n" + BODY + "sys.exit()", 0.0, ["mean("]),
        ("#" * 30_000, 0.0, ["30000 characters, 20000 are the limit"]),
    ],
)  # fmt: skip
def test_words(code: str, score: float, words: list[str]) -> None:
    result = mark(MEAN, code)
    assert result.score == pytest.approx(score)
    for part in words:
        assert part in result.feedback
    wanted = {1.0: Verdict.PASSED, 0.0: Verdict.FAILED}.get(score, Verdict.PARTLY)
    assert (result.verdict, result.feedback_source) == (wanted, "tests")
    assert len(result.details["tests"]) == 3
    assert len(result.feedback) < 700


def test_each_test_is_told_by_name() -> None:
    result = mark(MEAN, "def mean(xs):\n    print('in')\n    return sum(xs) / len(xs)")
    first, _, last = result.details["tests"]
    assert first == {
        "name": "mean([1, 2, 6])", "passed": True, "expected": "3.0", "got": "3.0", "error": None,
    }  # fmt: skip
    assert (last["passed"], last["got"]) == (False, None)
    assert last["error"] == {
        "type": "ZeroDivisionError", "message": "division by zero", "line": 3,
        "source": "return sum(xs) / len(xs)",
    }  # fmt: skip
    assert result.details["output"] == "in\nin\nin\n"


def test_python_that_only_cpython_knows_is_graded_there() -> None:
    if fenced.fence().trouble:
        pytest.skip(fenced.fence().trouble)
    result = mark(MEAN, "from statistics import fmean\n" + BODY + "return fmean(xs) if xs else 0")
    assert (result.verdict, result.details["runner"]) == (Verdict.PASSED, "fenced")


def test_python_that_no_runner_here_knows_counts_neither_way(settings: Settings) -> None:
    settings.CODE_SANDBOX = Runner.MONTY
    result = mark(MEAN, "from statistics import fmean\n" + BODY + "return fmean(xs) if xs else 0")
    assert (result.verdict, result.score) == (Verdict.UNGRADED, None)
    assert "can't run this here" in result.feedback
    assert "No module named 'statistics'" in result.feedback
    assert "counts neither way" in result.feedback


def test_nothing_is_run_where_the_sandbox_is_off(settings: Settings) -> None:
    settings.CODE_SANDBOX = Runner.OFF
    result = mark(MEAN, MEAN.solution)
    assert (result.verdict, result.score) == (Verdict.UNGRADED, None)
    assert "CODE_SANDBOX=off" in result.feedback


def test_a_list_for_an_iterator_is_advised() -> None:
    ranks = CodingContent(
        type="coding", entry_point="f", starter="def f(x):\n    pass\n",
        solution="def f(x):\n    return sorted(x)\n",
        tests=[case("f([2, 1])", [1, 2]), case("f([])", []), case("f([3])", [3])],
    )  # fmt: skip
    result = mark(ranks, "def f(x):\n    return iter(sorted(x))")
    if not fenced.fence().trouble:
        assert result.verdict is Verdict.FAILED
        assert "<iterator over [1, 2]>" in result.feedback and "`list(…)`" in result.feedback
