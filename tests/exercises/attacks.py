"""What every attack on the sandbox has in common: both runners, and what must hold afterwards."""

import os
from pathlib import Path

import pytest

from exercises.content import Case
from exercises.sandbox import Limits, Outcome, Run, Runner, fenced, run_cases, run_script
from tests.stack import until

RUNNERS = [Runner.MONTY, Runner.FENCED]
both = pytest.mark.parametrize("runner", RUNNERS)
LIMITS = Limits(seconds=0.8, total_seconds=2.0)
LOOT = "loot-5c1f"  # what an attack returns when it works


def case(call: str, expected: object, tolerance: float | None = None) -> Case:
    return Case(name=call, call=call, expected=repr(expected), tolerance=tolerance)


def attack(runner: Runner, code: str, call: str = "attack()", limits: Limits = LIMITS) -> Run:
    """Run *code*, which returns LOOT if it got what it wanted. It never does."""
    needs(runner)
    run = run_cases(code, call.partition("(")[0], [case(call, LOOT)], limits, runner)
    aftermath(runner, run)
    assert run.verdict is not Outcome.PASSED, run
    return run


def cheat(runner: Runner, code: str, tests: str, entry: str = "f") -> Run:
    """Run *code*, which answers nothing right, against *tests*."""
    needs(runner)
    run = run_script(code, tests, entry, LIMITS, runner)
    aftermath(runner, run)
    assert run.verdict is not Outcome.PASSED, run
    return run


def needs(runner: Runner) -> None:
    if runner is Runner.FENCED and fenced.fence().trouble:
        pytest.skip(f"this host can't fence: {fenced.fence().trouble}")


def aftermath(runner: Runner, run: Run) -> None:
    """It ended, nothing of it is left, and the next attempt is none the worse."""
    assert run.seconds < 30
    assert children() == []
    # Another worker of the tests may be ending one of its own just now.
    until(lambda: not children("1"), 5, "no fenced process is left without its parent")
    after = run_cases("def f(x):\n    return x + 1", "f", [case("f(1)", 2)], LIMITS, runner)
    assert after.verdict is Outcome.PASSED, after


def children(of: str = "") -> list[str]:
    """Processes of the fenced runner of this checkout whose parent is this one, or *of*."""
    of = of or str(os.getpid())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if str(fenced.CHILD) in command and parent == of:
                found.append(command)
    return found
