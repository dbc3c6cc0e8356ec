"""Running an answer against its tests, in the first runner that can say how it went."""

import ast
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum

from django.conf import settings

from exercises.content import Case
from exercises.fence.wire import codec
from exercises.sandbox import comparing, fenced, monty
from exercises.sandbox.comparing import Unreadable
from exercises.sandbox.reading import (
    BUILTINS,
    Source,
    bound,
    called_in,
    modules_used,
    parse,
    plain_imports,
    used,
)
from exercises.sandbox.results import (
    CaseResult,
    Fault,
    FaultKind,
    Limits,
    Outcome,
    Run,
)
from exercises.sandbox.sessions import Reply, Session

AT_ONCE = 6  # runs at the same time in one process; each holds at most two sessions
WAIT_S = 20.0  # for one's turn among them
_turns = threading.BoundedSemaphore(AT_ONCE)
_encode, _ = codec()


class Runner(StrEnum):
    AUTO = "auto"
    MONTY = "monty"
    FENCED = "fenced"
    OFF = "off"


Attempt = Callable[[Callable[[Limits], Session], Limits, bool], Run]


def run_cases(
    code: str,
    entry_point: str,
    cases: Sequence[Case],
    limits: Limits = Limits(),  # noqa: B008  # frozen
    runner: Runner | None = None,
) -> Run:
    """Call *entry_point* of *code* as each case says; results are compared here, as plain data.

    Every case gets arguments of its own. `comparing` says what counts as equal. *runner* is
    CODE_SANDBOX where it isn't given.
    """
    source = parse(code, limits.code_chars)
    if isinstance(source, Fault):
        return _unrun(source, [case.name for case in cases])

    def attempt(make: Callable[[Limits], Session], within: Limits, to_the_end: bool) -> Run:
        results = _each(make, source, entry_point, cases, within, to_the_end)
        return _judged(results)

    return _tried(attempt, limits, runner)


def run_script(
    code: str,
    tests: str,
    entry_point: str = "",
    limits: Limits = Limits(),  # noqa: B008  # frozen
    runner: Runner | None = None,
) -> Run:
    """Run *tests*, Python with plain asserts or a `check(candidate)`, against *code*.

    They run in a session of their own. *entry_point*, `candidate` and whatever else the tests use
    of the code are stand-ins there, which call into the other session; plain data comes back.
    Without an entry point it is the function that the tests call.
    """
    script = parse(tests, 20 * limits.code_chars, "tests.py")
    if isinstance(script, Fault):
        return _unrun(replace(script, in_tests=True), [], Outcome.ERROR)
    source = parse(code, limits.code_chars)
    if isinstance(source, Fault):
        return _unrun(source, ["tests"])
    entry = entry_point or called_in(script, source)
    if not entry:
        fault = Fault(FaultKind.SANDBOX, message="the tests call no function of the code")
        return _unrun(fault, [], Outcome.ERROR)

    def attempt(make: Callable[[Limits], Session], within: Limits, to_the_end: bool) -> Run:
        return _scripted(make, source, script, entry, within)

    return _tried(attempt, limits, runner)


def _unrun(fault: Fault, names: list[str], verdict: Outcome = Outcome.FAILED) -> Run:
    return Run(verdict, [CaseResult(name, False, fault=fault) for name in names], fault=fault)


def _tried(attempt: Attempt, limits: Limits, asked: Runner | None) -> Run:
    """The first runner's word if it is "passed", else the second's, where there is one.

    So CPython itself has looked at whatever is called wrong.
    """
    started = time.monotonic()
    runner = asked or Runner(settings.CODE_SANDBOX)
    if runner is Runner.OFF:
        off = Fault(FaultKind.UNSUPPORTED, message="code isn't run here: CODE_SANDBOX=off")
        return _unrun(off, [], Outcome.UNSUPPORTED)
    tried: list[str] = []
    run = _unrun(Fault(FaultKind.SANDBOX, message="busy"), [], Outcome.ERROR)
    with _turn() as free:
        if not free:
            return run
        fenced_can = runner is not Runner.MONTY and not fenced.fence().trouble
        if runner is not Runner.FENCED:
            run = _by(monty.NAME, monty.MontySession, attempt, limits, to_the_end=not fenced_can)
            if run.verdict is Outcome.PASSED or not fenced_can:
                return replace(run, seconds=time.monotonic() - started)
            tried.append(_why(run))
        spent = time.monotonic() - started
        within = replace(limits, total_seconds=max(limits.seconds, limits.total_seconds - spent))
        second = _by(fenced.NAME, fenced.FencedSession, attempt, within, to_the_end=True)
        if second.verdict in (Outcome.PASSED, Outcome.FAILED) or not tried:
            run = second
    return replace(run, seconds=time.monotonic() - started, tried=tried)


def _why(run: Run) -> str:
    said = f": {run.fault.message}" if run.fault else ""
    return f"{run.runner} {run.verdict}{said}"


def _by(
    name: str,
    make: Callable[[Limits], Session],
    attempt: Attempt,
    limits: Limits,
    *,
    to_the_end: bool,
) -> Run:
    """What one runner says. One that can't run here has said nothing of the code."""
    try:
        run = attempt(make, limits, to_the_end)
    except fenced.NoFence as error:
        run = _unrun(Fault(FaultKind.UNSUPPORTED, message=str(error)), [], Outcome.UNSUPPORTED)
    except (fenced.Lost, monty.Unusable) as error:
        run = _unrun(Fault(FaultKind.SANDBOX, message=str(error)), [], Outcome.ERROR)
    return replace(run, runner=name)


@contextmanager
def _turn() -> Iterator[bool]:
    free = _turns.acquire(timeout=WAIT_S)
    try:
        yield free
    finally:
        if free:
            _turns.release()


def _judged(results: list[CaseResult]) -> Run:
    output = "".join(result.output for result in results)
    faults = [result.fault for result in results if result.fault is not None]
    for kind, verdict in (
        (FaultKind.UNSUPPORTED, Outcome.UNSUPPORTED),
        (FaultKind.SANDBOX, Outcome.ERROR),
    ):
        found = next((fault for fault in faults if fault.kind is kind), None)
        if found is not None:
            return Run(verdict, results, output=output, fault=found)
    passed = bool(results) and all(result.passed for result in results)
    shared = faults[0] if len(faults) == len(results) and len(set(faults)) == 1 else None
    verdict = Outcome.PASSED if passed else Outcome.FAILED
    return Run(verdict, results, output=output, fault=shared)


def _each(
    make: Callable[[Limits], Session],
    source: Source,
    entry_point: str,
    cases: Sequence[Case],
    limits: Limits,
    to_the_end: bool,
) -> list[CaseResult]:
    """A result for each case. A session that a case ended is followed by another."""
    deadline = time.monotonic() + limits.total_seconds
    results: list[CaseResult] = []
    waiting = list(cases)
    while waiting:
        left = max(0.05, deadline - time.monotonic())
        with make(replace(limits, seconds=min(limits.seconds, left))) as session:
            loaded = session.load(source)
            if loaded.fault is not None:
                return results + [_faulty(case, loaded) for case in waiting]
            ended = False
            while waiting and not ended:
                case = waiting.pop(0)
                if time.monotonic() > deadline:
                    reply = Reply(fault=Fault(FaultKind.NOT_RUN, message="no time was left"))
                else:
                    reply = session.call(entry_point, _encode([case.args, case.kwargs]))
                results.append(_compared(case, reply))
                ended = reply.ends
                if not results[-1].passed and not to_the_end:
                    return results + [_skipped(case) for case in waiting]
    return results


def _skipped(case: Case) -> CaseResult:
    return _faulty(case, Reply(fault=Fault(FaultKind.NOT_RUN, message="not run")))


def _faulty(case: Case, reply: Reply) -> CaseResult:
    expected = comparing.show(comparing.to_wire(case.value))
    return CaseResult(case.name, False, expected, fault=reply.fault, output=reply.output)


def _compared(case: Case, reply: Reply) -> CaseResult:
    if reply.fault is not None:
        return _faulty(case, reply)
    expected = comparing.to_wire(case.value)
    try:
        got = comparing.read(reply.value)[0]
        passed = comparing.same(expected, got, case.tolerance)
        shown, kind = comparing.show(got), comparing.type_name(got)
    except (Unreadable, TypeError, ValueError, LookupError) as error:
        fault = Fault(FaultKind.CRASH, message=comparing.clean(f"no result came out: {error}"))
        return _faulty(case, Reply(fault=fault, output=reply.output))
    text = comparing.show(expected)
    return CaseResult(case.name, passed, text, shown, output=reply.output, got_type=kind)


class _Asking:
    """The learner's session, as the tests ask it."""

    def __init__(self, learner: Session, entry: str, total_seconds: float) -> None:
        self._learner = learner
        self._entry = entry
        self._deadline = time.monotonic() + total_seconds
        self.calls = 0
        self.fault: Fault | None = None  # the last one

    def __call__(self, name: str, arguments: str) -> Reply:
        self.calls += 1
        if time.monotonic() > self._deadline:
            reply = Reply(fault=Fault(FaultKind.TIME, "TimeoutError", "no time is left"))
        elif not arguments:
            reply = self._learner.look(name)
        else:
            reply = self._learner.call(self._entry if name == "candidate" else name, arguments)
        self.fault = reply.fault or self.fault
        return reply


def _scripted(
    make: Callable[[Limits], Session], source: Source, script: Source, entry: str, limits: Limits
) -> Run:
    with make(limits) as learner:
        reply = learner.load(source)
        if reply.fault is not None:
            return _judged([CaseResult("tests", False, fault=reply.fault, output=reply.output)])
        text, remote = _prepared(source, script, entry)
        asking = _Asking(learner, entry, limits.total_seconds)
        with make(replace(limits, seconds=limits.total_seconds)) as tests:
            reply = tests.run_tests(text, remote, asking)
    fault = reply.fault
    if fault is None and asking.calls == 0:
        fault = Fault(FaultKind.SANDBOX, message=f"the tests never call {entry}", in_tests=True)
    elif fault is not None:
        fault = _whose(fault, asking.fault, text)
    return _judged([CaseResult("tests", fault is None, fault=fault, output=reply.output)])


def _whose(fault: Fault, learners: Fault | None, text: str) -> Fault:
    """What ended the tests: an exception of the code, with its line there, or their own."""
    if learners is not None and (
        learners.kind is FaultKind.MISSING
        or (learners.type, learners.message) == (fault.type, fault.message)
        or fault.message == f"{learners.type}: {learners.message}"
    ):
        return learners
    if fault.in_tests and fault.type in ("ImportError", "ModuleNotFoundError"):
        return replace(fault, kind=FaultKind.SANDBOX, message=f"the tests: {fault.message}")
    lines = text.splitlines()
    if not fault.in_tests or not fault.line or fault.line > len(lines):
        return fault
    return replace(fault, source=lines[fault.line - 1].strip())


def _prepared(source: Source, script: Source, entry: str) -> tuple[str, dict[str, bool]]:
    """The tests as they are run, and the names in them that stand for what is in the code."""
    wanted = used(script)
    has = bound(source)
    modules = modules_used(script) - {entry}
    imports = [f"import {name}" for name in sorted(modules)]
    imports += plain_imports(source, wanted - modules - {entry})
    remote = {entry: True, "candidate": True}
    for name in sorted(wanted & has.keys() - BUILTINS - modules - {entry}):
        if not isinstance(has[name], (ast.Import, ast.ImportFrom)):
            remote[name] = isinstance(has[name], (ast.FunctionDef, ast.ClassDef))
    lines = "\n".join([*imports, script.code])
    defined = {node.name for node in script.tree.body if isinstance(node, ast.FunctionDef)}
    if "check" in defined and "check" not in {
        node.value.func.id
        for node in script.tree.body
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
    }:
        lines += f"\n\ncheck({entry})\n"
    return lines, remote
