"""What CPython calls right passes, and what it calls wrong does not."""

import io
from collections import Counter
from contextlib import redirect_stdout

import pytest

from exercises.sandbox import Limits, Outcome, Runner, run_script
from tests.exercises.attacks import needs
from tests.exercises.solutions import SOLUTIONS, Solution

LIMITS = Limits(5.0, 10.0)
NAMES = [solution[0] for solution in SOLUTIONS]
each = pytest.mark.parametrize("solution", SOLUTIONS, ids=NAMES)


def cpython_says(code: str, tests: str, entry: str) -> bool:
    """How the tests end where code and tests are one program, as in HumanEval's own grader."""
    names: dict[str, object] = {"__name__": "answer"}
    program = f"{code}\n{tests}\n"
    if "def check(" in tests:
        program += f"check({entry})\n"
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(program, "both.py", "exec"), names)
    except Exception:  # noqa: BLE001  # whatever it is, it did not pass
        return False
    return True


@each
def test_the_collection_itself(solution: Solution) -> None:
    _, code, tests, entry, old, new = solution
    assert old in code
    assert cpython_says(code, tests, entry)
    assert not cpython_says(code.replace(old, new), tests, entry)


@each
def test_right_with_both_runners(solution: Solution) -> None:
    _, code, tests, entry, _, _ = solution
    needs(Runner.FENCED)
    run = run_script(code, tests, entry, LIMITS, Runner.AUTO)
    can = "function argument" not in solution[0]
    assert run.verdict is (Outcome.PASSED if can else Outcome.UNSUPPORTED), run


@each
@pytest.mark.parametrize("runner", [Runner.MONTY, Runner.FENCED])
def test_no_runner_calls_a_right_one_wrong(solution: Solution, runner: Runner) -> None:
    _, code, tests, entry, _, _ = solution
    needs(runner)
    run = run_script(code, tests, entry, LIMITS, runner)
    assert run.verdict in (Outcome.PASSED, Outcome.UNSUPPORTED), run


@each
@pytest.mark.parametrize("runner", [Runner.MONTY, Runner.FENCED])
def test_no_runner_calls_a_wrong_one_right(solution: Solution, runner: Runner) -> None:
    _, code, tests, entry, old, new = solution
    needs(runner)
    run = run_script(code.replace(old, new), tests, entry, LIMITS, runner)
    assert run.verdict is not Outcome.PASSED


def test_most_run_in_monty_alone() -> None:
    counts = Counter(
        run_script(code, tests, entry, LIMITS, Runner.MONTY).verdict
        for _, code, tests, entry, _, _ in SOLUTIONS
    )
    assert counts[Outcome.PASSED] >= 0.7 * len(SOLUTIONS)  # chosen for what is odd in them
