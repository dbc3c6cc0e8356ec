"""Coding: the solution passes its tests, the starter does not, and neither do changed copies."""

from collections.abc import Iterator

from exercises.checking.mutants import mutants
from exercises.checking.results import Check, check
from exercises.content import CodingContent
from exercises.sandbox import Fault, FaultKind, Limits, Outcome, Run, Runner, run_cases

MUTANTS = 24
MUST_FAIL = 2
SHARE_MUST_FAIL = 0.6  # some changes make no difference; more than this and tests are too weak
QUICK = Limits(seconds=0.2, total_seconds=0.5)  # a copy that does not end is caught too


def checks(slug: str, content: CodingContent) -> Iterator[Check]:
    reference = _run(content, content.solution, Limits())
    yield check(
        "the reference passes",
        "" if _passes(reference) else _first_fault(reference),
        seen=f"{len(content.tests)} tests, {reference.seconds * 1000:.0f} ms, {reference.runner}",
    )
    starter = _run(content, content.starter, Limits())
    yield check("the starter fails", "it passes every test" if _passes(starter) else "")
    if _passes(reference):
        yield _survivors(slug, content, Runner(reference.runner))


def _survivors(slug: str, content: CodingContent, runner: Runner) -> Check:
    changed = mutants(content.solution, MUTANTS, slug)
    alive = [what for what, code in changed if _passes(_run(content, code, QUICK, runner))]
    failed = len(changed) - len(alive)
    enough = failed >= MUST_FAIL and failed >= SHARE_MUST_FAIL * len(changed)
    return check(
        "mistakes are caught",
        ""
        if enough
        else f"only {failed} of {len(changed)} changed copies fail; {alive[0]} passes"
        if alive
        else f"only {failed} changed copies could be made",
        seen=f"{failed} of {len(changed)} changed copies fail",
    )


def _passes(run: Run) -> bool:
    return run.verdict is Outcome.PASSED


def _run(content: CodingContent, code: str, limits: Limits, runner: Runner = Runner.AUTO) -> Run:
    return run_cases(code, content.entry_point, content.tests, limits, runner)


def _first_fault(run: Run) -> str:
    for case in run.cases:
        if not case.passed:
            got = _told(case.fault) if case.fault else f"got {case.got}"
            return f"{case.name}: expected {case.expected}, {got}"
    return _told(run.fault) if run.fault else run.verdict


def _told(fault: Fault) -> str:
    if fault.kind is FaultKind.TIME:
        return "it did not end in time"
    where = f" in line {fault.line}" if fault.line else ""
    return f"{fault.type or fault.kind}{where}: {fault.message}"
