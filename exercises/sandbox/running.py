"""Which runner runs what: monty first, behind the fence what monty lacks."""

import ast
from collections.abc import Callable, Sequence
from enum import StrEnum

from exercises.content import Case
from exercises.sandbox import fenced, monty
from exercises.sandbox.results import Fault, Limits, Outcome, Run

DEFAULT = Limits()
LIMITS_REACHED = frozenset({monty.TIMEOUT, monty.MEMORY, monty.CRASH, "SyntaxError"})


class Runner(StrEnum):
    AUTO = "auto"
    MONTY = "monty"
    FENCED = "fenced"


def runners() -> dict[Runner, str]:
    """Each runner with why it can't be used here; empty where it can."""
    return {Runner.MONTY: "", Runner.FENCED: fenced.why_not()}


def run_cases(
    code: str,
    entry_point: str,
    cases: Sequence[Case],
    limits: Limits = DEFAULT,
    runner: Runner = Runner.AUTO,
) -> Run:
    """What *code* makes of *cases*, calls of its function *entry_point*. Never raises."""
    broken = _broken(code)
    if broken:
        return Run(Outcome.FAILED, fault=broken, runner=runner)
    if entry_point not in _defined(code):
        fault = Fault("Missing", f"there is no function {entry_point}")
        return Run(Outcome.FAILED, fault=fault, runner=runner)
    return _run(
        runner,
        lambda: monty.run_cases(code, entry_point, cases, limits),
        lambda: fenced.run_cases(code, entry_point, cases, limits),
    )


def run_script(
    code: str, tests: str, limits: Limits = DEFAULT, runner: Runner = Runner.AUTO
) -> Run:
    """Whether *tests* (Python, plain asserts) hold of the functions in *code*. Never raises."""
    broken = _broken(code)
    if broken:
        return Run(Outcome.FAILED, fault=broken, runner=runner)
    names = sorted(_defined(code))
    return _run(
        runner,
        lambda: monty.run_script(code, tests, names, limits),
        lambda: fenced.run_script(code, tests, names, limits),
    )


def _run(runner: Runner, in_monty: Callable[[], Run], in_fence: Callable[[], Run]) -> Run:
    first = Run(Outcome.UNSUPPORTED)
    if runner is not Runner.FENCED:
        first = _in_monty(in_monty)
        if runner is Runner.MONTY or not _worth_another(first):
            return first
    try:
        return in_fence()
    except fenced.Unsupported as error:
        lacks = Fault("Unsupported", str(error))
        return Run(Outcome.UNSUPPORTED, fault=lacks, runner=fenced.NAME)
    except fenced.NoFence as error:
        if runner is Runner.FENCED:
            return Run(Outcome.ERROR, fault=Fault("NoFence", str(error)), runner=fenced.NAME)
        return first


def _in_monty(run: Callable[[], Run]) -> Run:
    try:
        return run()
    except monty.Unsupported as error:
        lacks = Fault("Unsupported", str(error))
        return Run(Outcome.UNSUPPORTED, fault=lacks, runner=monty.NAME)
    except monty.Busy as error:
        return Run(Outcome.ERROR, fault=Fault("Busy", str(error)), runner=monty.NAME)


def _worth_another(run: Run) -> bool:
    """An exception in monty may be its own lack; a wrong value or a limit is not."""
    if run.outcome is Outcome.UNSUPPORTED:
        return True
    faults = [run.fault, *(result.fault for result in run.results)]
    return any(fault is not None and fault.type not in LIMITS_REACHED for fault in faults)


def _broken(code: str) -> Fault | None:
    """What keeps *code* from being Python at all."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        lines = code.splitlines()
        number = error.lineno or 0
        source = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return Fault("SyntaxError", error.msg, error.lineno, source)
    except (ValueError, RecursionError, MemoryError) as error:
        return Fault("SyntaxError", str(error) or "it is nested too deeply")
    return None


def _defined(code: str) -> set[str]:
    """The names of functions, classes and values that *code* defines at its top."""
    names: set[str] = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(t.id for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names.update((alias.asname or alias.name) for alias in node.names)
    return names
