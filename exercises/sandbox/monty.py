"""The first runner: pydantic-monty, a Python interpreter in Rust, in worker processes of its own.

It has no files, no network, no processes and no environment to reach; time, memory, recursion and
output are bounded inside, and a worker that hangs or dies is replaced from outside.
https://github.com/pydantic/monty
"""

import ast
import builtins
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pydantic_monty
from pydantic_monty import CollectString, MontyCrashedError, MontyError, MontySession

from exercises.content import Case
from exercises.sandbox.comparing import is_plain, same
from exercises.sandbox.results import CaseResult, Fault, Limits, Outcome, Run, cut, shown

NAME = "monty"
# A test script and the code it tests take a worker each, at the same time.
ATTEMPTS_AT_ONCE = max(2, os.cpu_count() or 1)
BACKSTOP_S = 2.0  # past the limits: then the worker is killed
QUEUE_S = 10.0
LEARNERS = "<python-input-0>"  # the file name that monty gives the first feed
_places = threading.BoundedSemaphore(ATTEMPTS_AT_ONCE)

TIMEOUT, MEMORY, CRASH = "Timeout", "MemoryLimit", "Crash"


class Unsupported(Exception):
    """Python that this sandbox lacks."""


@cache
def _pool_of(process: int) -> pydantic_monty.Monty:
    pool = pydantic_monty.Monty(
        min_processes=1,
        max_processes=2 * ATTEMPTS_AT_ONCE,
        checkout_timeout=QUEUE_S,
        request_timeout=30.0,
        max_checkouts_per_worker=200,
        feed_duration_limit_grace=BACKSTOP_S,
    )
    return pool.__enter__()


def _pool() -> pydantic_monty.Monty:
    """One for each process: workers are not shared across a fork."""
    return _pool_of(os.getpid())


class Busy(Exception):
    """Too many attempts at once."""


def _session(limits: Limits) -> MontySession:
    return _pool().checkout(
        limits={
            "max_feed_duration_secs": limits.seconds,
            "max_memory": limits.memory,
            "max_recursion_depth": limits.recursion,
            "max_total_sleep_secs": 0.1,
            "max_suspensions": 5_000,
        },
        assert_message_annotations=False,
    )


def run_cases(code: str, entry_point: str, cases: Sequence[Case], limits: Limits) -> Run:
    """Each of *cases* on *code*. Raises `Unsupported`, `Busy`."""
    began = time.monotonic()
    output = CollectString(max_bytes=limits.output)
    if not _places.acquire(timeout=QUEUE_S):
        raise Busy("too many attempts are being run")
    try:
        with _session(limits) as session:
            run = _run_cases(session, code, entry_point, cases, limits, output)
    except MontyCrashedError as error:
        run = Run(Outcome.FAILED, fault=_crash(error))
    finally:
        _places.release()
    return Run(
        run.outcome,
        run.results,
        run.fault,
        output=output.output[: limits.output],
        runner=NAME,
        seconds=round(time.monotonic() - began, 4),
    )


def _run_cases(
    session: MontySession,
    code: str,
    entry_point: str,
    cases: Sequence[Case],
    limits: Limits,
    output: CollectString,
) -> Run:
    ends = time.monotonic() + limits.seconds
    try:
        session.feed_run(code, print_callback=output)
    except MontyError as error:
        return Run(Outcome.FAILED, fault=fault_of(error, code))
    results: list[CaseResult] = []
    stopped: Fault | None = None
    for case in cases:
        if stopped is None and time.monotonic() > ends:
            stopped = Fault(TIMEOUT, f"the tests took more than {limits.seconds:g} s together")
        result = _case(session, case, code, output, stopped)
        results.append(result)
        if result.fault and result.fault.type in (TIMEOUT, MEMORY, CRASH):
            stopped = result.fault  # nothing can be said of what the session still holds
    passed = all(result.passed for result in results)
    return Run(Outcome.PASSED if passed else Outcome.FAILED, tuple(results))


def _case(
    session: MontySession, case: Case, code: str, output: CollectString, stopped: Fault | None
) -> CaseResult:
    expected = shown(case.value)
    if stopped is not None:
        return CaseResult(case.name, case.call, False, expected, fault=stopped)
    try:
        got = session.feed_run(case.call, print_callback=output)
    except MontyCrashedError as error:
        fault = _crash(error)
    except MontyError as error:
        fault = fault_of(error, code)
    else:
        passed = is_plain(got) and same(case.value, got, case.tolerance)
        told = shown(got) if is_plain(got) else f"an object ({type(got).__name__})"
        return CaseResult(case.name, case.call, passed, expected, told)
    return CaseResult(case.name, case.call, False, expected, fault=fault)


def run_script(code: str, tests: str, names: Sequence[str], limits: Limits) -> Run:
    """*tests* in a session of their own; *names* in it call into the session of *code*.

    Only plain data crosses, so that nothing the learner's code does reaches the assertions.
    Raises `Unsupported`, `Busy`.
    """
    began = time.monotonic()
    output = CollectString(max_bytes=limits.output)
    if not _places.acquire(timeout=QUEUE_S):
        raise Busy("too many attempts are being run")
    try:
        with _session(limits) as theirs, _session(limits) as ours:
            fault = _run_script(theirs, ours, code, tests, names, output)
    except MontyCrashedError as error:
        fault = _crash(error)
    finally:
        _places.release()
    return Run(
        Outcome.PASSED if fault is None else Outcome.FAILED,
        fault=fault,
        output=output.output[: limits.output],
        runner=NAME,
        seconds=round(time.monotonic() - began, 4),
    )


def _run_script(
    theirs: MontySession,
    ours: MontySession,
    code: str,
    tests: str,
    names: Sequence[str],
    output: CollectString,
) -> Fault | None:
    raised: list[MontyError] = []
    lacking: list[str] = []

    def caller(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            inputs = {"given_args": list(args), "given_kwargs": kwargs}
            source = f"{name}(*given_args, **given_kwargs)"
            try:
                got = theirs.feed_run(source, inputs=inputs, print_callback=output)
            except MontyError as error:
                raised.append(error)
                raise error.exception() from None
            if not is_plain(got):
                lacking.append(f"{name} returns an object of its own class")
                raise Unsupported(lacking[-1])
            return got

        return call

    try:
        theirs.feed_run(code, print_callback=output)
    except MontyError as error:
        return fault_of(error, code)
    lookup = {name: caller(name) for name in names}
    try:
        ours.feed_run(tests, external_lookup=lookup, print_callback=output)
    except MontyError as error:
        if lacking:
            raise Unsupported(lacking[-1]) from error
        # Where the learner's code raised it, the learner's line is told.
        if raised:
            last = raised[-1]
            return _crash(last) if isinstance(last, MontyCrashedError) else fault_of(last, code)
        if isinstance(error, MontyCrashedError):
            return _crash(error)
        return replace(fault_of(error, tests), line=None, source="")
    return None


def fault_of(error: MontyError, code: str) -> Fault:
    """What the learner is told of *error*. Raises `Unsupported` where Python itself has it."""
    inner = error.exception()
    frames = error.traceback() if hasattr(error, "traceback") else []
    own = [frame for frame in frames if frame.filename == LEARNERS]
    line = own[-1].line if own else None
    source = (own[-1].source_line or "").strip() if own else ""
    message = cut(str(inner))
    _refuse_unsupported(inner, message, code)
    name = type(inner).__name__
    if isinstance(inner, TimeoutError):
        name = TIMEOUT
    elif isinstance(inner, MemoryError):
        name = MEMORY
    return Fault(name, message, line, cut(source))


def _refuse_unsupported(inner: BaseException, message: str, code: str) -> None:
    if isinstance(inner, NotImplementedError) and "monty" in message.lower():
        raise Unsupported(message)
    if isinstance(inner, ModuleNotFoundError | ImportError):
        module = getattr(inner, "name", None) or message.rpartition("'")[0].rpartition("'")[2]
        if module.partition(".")[0] in sys.stdlib_module_names:
            raise Unsupported(message)
    if isinstance(inner, NameError):
        name = message.partition("'")[2].partition("'")[0]
        if hasattr(builtins, name):
            raise Unsupported(message)
    if isinstance(inner, SyntaxError) and _is_python(code):
        raise Unsupported(message)


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _crash(error: MontyCrashedError) -> Fault:
    if error.timed_out:
        return Fault(TIMEOUT, "it did not end in time")
    return Fault(CRASH, "the interpreter gave up (too much memory, or too deep a recursion)")
