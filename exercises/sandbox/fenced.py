"""The second runner: CPython behind a fence (fence.py), a fresh process for each attempt.

Slower than the first (some 0.1 s to start) and complete. Used for what the first one lacks.
"""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exercises.content import Case
from exercises.sandbox import fence
from exercises.sandbox.comparing import same
from exercises.sandbox.results import CaseResult, Fault, Limits, Outcome, Run, cut, shown

NAME = "fenced"
START_S = 3.0  # a busy machine starts an interpreter slowly
ANSWER_BYTES = 1024 * 1024
ATTEMPTS_AT_ONCE = max(2, os.cpu_count() or 1)
QUEUE_S = 10.0
TIMEOUT, MEMORY, CRASH = "Timeout", "MemoryLimit", "Crash"
_SCRIPT = Path(fence.__file__).read_text(encoding="utf-8")
_places = threading.BoundedSemaphore(ATTEMPTS_AT_ONCE)


class Unsupported(Exception):
    """A module that the fence does not let in, or a value that can't cross it."""


class NoFence(Exception):
    """This machine can't fence a process: why."""


class _Ended(Exception):
    """The child gave no answer: what became of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Child:
    """One interpreter behind the fence, with its pipes; every wait has an end."""

    def __init__(self, code: str, limits: Limits, outside: Sequence[str] = ()) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", _SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._kept = b""
        self.tell(
            code=code,
            seconds=limits.seconds,
            memory=limits.memory,
            output=limits.output,
            recursion=limits.recursion,
            outside=list(outside),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue  # what was still to be written is of no use now
        self._process.wait()

    def started(self) -> dict[str, Any]:
        """Its first answer: that the code is defined, or what went wrong. Raises `_Ended`."""
        return self._answer(START_S + self._limits.seconds)

    def ask(self, seconds: float, **request: Any) -> dict[str, Any]:
        """The answer to one call. Raises `_Ended`."""
        self.tell(**request)
        return self._answer(seconds)

    def tell(self, **request: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return  # it is gone: reading its answer says how

    def _answer(self, seconds: float) -> dict[str, Any]:
        ends = time.monotonic() + max(seconds, 0.05)
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._kept:
                left = ends - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise _Ended(Fault(TIMEOUT, f"it took more than {self._limits.seconds:g} s"))
                part = os.read(self._process.stdout.fileno(), 65536)
                self._kept += part
                if not part or len(self._kept) > ANSWER_BYTES:
                    raise _Ended(Fault(CRASH, "the interpreter gave up"))
        line, _, self._kept = self._kept.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None  # the code wrote into the pipe: it spoils its own answers
        if not isinstance(answer, dict):
            raise _Ended(Fault(CRASH, "the answer of the interpreter can't be read"))
        return answer


@cache
def why_not() -> str:
    """Empty where a process can be fenced here: a child tries to get out, and can't."""
    probe = (
        "def probe():\n"
        "    import os\n"
        "    got_out = []\n"
        "    for attempt in (lambda: open('/dev/null'), os.fork, lambda: os.listdir('/')):\n"
        "        try:\n"
        "            attempt()\n"
        "        except PermissionError:\n"
        "            continue\n"
        "        got_out.append(True)\n"
        "    return len(got_out)\n"
    )
    try:
        with Child(probe, Limits()) as child:
            child.started()
            answer = child.ask(2.0, source="probe()")
    except _Ended:
        return "the kernel takes no seccomp filter, or this is not x86-64 or arm64"
    except OSError as error:
        return f"no interpreter can be started: {error.strerror}"
    return "" if answer.get("value") == {"int": "0x0"} else "a fenced process still got out"


@contextmanager
def _child(code: str, limits: Limits) -> Iterator[Child]:
    reason = why_not()
    if reason:
        raise NoFence(reason)
    if not _places.acquire(timeout=QUEUE_S):
        raise NoFence("too many attempts are being run")
    try:
        with Child(code, limits) as child:
            yield child
    finally:
        _places.release()


def run_cases(code: str, entry_point: str, cases: Sequence[Case], limits: Limits) -> Run:
    """Each of *cases* on *code*. Raises `Unsupported`, `NoFence`."""
    began = time.monotonic()
    results: list[CaseResult] = []
    output: list[str] = []
    fault: Fault | None = None
    with _child(code, limits) as child:
        try:
            output.append(_checked(child.started(), code).get("output", ""))
            ends = time.monotonic() + limits.seconds
            for case in cases:
                answer = child.ask(ends - time.monotonic(), source=case.call)
                output.append(str(answer.get("output", "")))
                results.append(_result(case, answer, code))
        except _Ended as error:
            fault = error.fault
            left = cases[len(results) :]
            results += [
                CaseResult(c.name, c.call, False, shown(c.value), fault=fault) for c in left
            ]
        except _Raised as error:
            fault, results = error.fault, []
    passed = bool(results) and all(result.passed for result in results)
    return Run(
        Outcome.PASSED if passed else Outcome.FAILED,
        tuple(results),
        None if results else fault,
        output="".join(output)[: limits.output],
        runner=NAME,
        seconds=round(time.monotonic() - began, 4),
    )


class _Raised(Exception):
    """The code itself raised while it was defined."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _checked(answer: dict[str, Any], code: str) -> dict[str, Any]:
    if "fault" in answer:
        raise _Raised(_fault(answer["fault"], code))
    return answer


def _result(case: Case, answer: dict[str, Any], code: str) -> CaseResult:
    expected = shown(case.value)
    if "fault" in answer:
        fault = _fault(answer["fault"], code)
        return CaseResult(case.name, case.call, False, expected, fault=fault)
    if "value" not in answer:
        told = f"an object ({answer.get('strange', '?')})"
        return CaseResult(case.name, case.call, False, expected, told)
    try:
        got = fence.decode(answer["value"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return CaseResult(case.name, case.call, False, expected, "something unreadable")
    return CaseResult(
        case.name, case.call, same(case.value, got, case.tolerance), expected, shown(got)
    )


def _fault(raw: Any, code: str) -> Fault:
    """Raises `Unsupported` for a module of the standard library that is not let in."""
    kind, message = str(raw.get("type")), cut(str(raw.get("message", "")))
    if kind == "ModuleNotFoundError":
        module = message.partition("'")[2].partition("'")[0]
        if module.partition(".")[0] in sys.stdlib_module_names:
            raise Unsupported(f"{module} can't be imported here")
    number, lines = raw.get("line"), code.splitlines()
    line = number if isinstance(number, int) and 0 < number <= len(lines) else None
    source = cut(lines[line - 1].strip()) if line else ""
    names = {"MemoryError": MEMORY, "TimeoutError": TIMEOUT}
    return Fault(names.get(kind, cut(kind)), message, line, source)


def run_script(code: str, tests: str, names: Sequence[str], limits: Limits) -> Run:
    """*tests* in an interpreter of their own; *names* in it call into that of *code*.

    Raises `Unsupported`, `NoFence`.
    """
    began = time.monotonic()
    fault: Fault | None = None
    with _child(code, limits) as theirs, Child(tests, limits, names) as ours:
        try:
            _checked(theirs.started(), code)
            fault = _judge(theirs, ours, code, limits)
        except _Ended as error:
            fault = error.fault
        except _Raised as error:
            fault = error.fault
    return Run(
        Outcome.PASSED if fault is None else Outcome.FAILED,
        fault=fault,
        runner=NAME,
        seconds=round(time.monotonic() - began, 4),
    )


def _judge(theirs: Child, ours: Child, code: str, limits: Limits) -> Fault | None:
    """Carry calls from the tests to the code until the tests are through."""
    ends = time.monotonic() + limits.seconds
    answer = ours.started()
    own: dict[str, Any] | None = None
    while "ask" in answer:
        call = {key: answer[key] for key in ("args", "kwargs")}
        reply = theirs.ask(ends - time.monotonic(), name=answer["ask"], **call)
        own = reply.get("fault")
        if "strange" in reply:
            raise Unsupported(f"{answer['ask']} returns an object of its own class")
        passed_on = {key: reply[key] for key in ("value", "fault") if key in reply}
        answer = ours.ask(START_S, **passed_on)
    if "fault" not in answer:
        return None
    # Where the code itself raised, its own line is told.
    return _fault(own, code) if own else _fault({**answer["fault"], "line": None}, code)
