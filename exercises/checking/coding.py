"""Coding: the solution passes its tests, the starter does not, and neither do changed copies."""

from collections.abc import Iterator

from exercises.checking.mutants import mutants
from exercises.checking.results import Check, check
from exercises.content import CodingContent
from exercises.sandbox import Limits, Run, run_cases

MUTANTS = 24
MUST_FAIL = 2
SHARE_MUST_FAIL = 0.6  # some changes make no difference; more than this and tests are too weak
QUICK = Limits(seconds=0.5)


def checks(slug: str, content: CodingContent) -> Iterator[Check]:
    reference = _run(content, content.solution, Limits())
    yield check(
        "the reference passes",
        "" if reference.passed else f"{_first_fault(reference)}",
        seen=f"{len(content.tests)} tests, {reference.seconds * 1000:.0f} ms, {reference.runner}",
    )
    starter = _run(content, content.starter, Limits())
    yield check("the starter fails", "it passes every test" if starter.passed else "")
    if reference.passed:
        yield _survivors(slug, content)


def _survivors(slug: str, content: CodingContent) -> Check:
    changed = mutants(content.solution, MUTANTS, slug)
    alive = [what for what, code in changed if _run(content, code, QUICK).passed]
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


def _run(content: CodingContent, code: str, limits: Limits) -> Run:
    return run_cases(code, content.entry_point, content.tests, limits)


def _first_fault(run: Run) -> str:
    for case in run.results:
        if not case.passed:
            got = f"got {case.got}" if case.error is None else str(case.error)
            return f"{case.name}: expected {case.expected}, {got}"
    return str(run.error or run.verdict)
