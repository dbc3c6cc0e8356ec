"""A worker process of monty that is killed or hangs, a fork, many at once: one attempt at most."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from exercises import startup
from exercises.sandbox import FaultKind, Limits, Outcome, Run, Runner, fenced, monty, run_cases
from exercises.sandbox.fenced import Fence
from learning_assistant.parts import State
from tests.exercises.attacks import both, case, needs

SLOW = "def f(x):\n    while x:\n        pass\n    return x"
LIMITS = Limits(4.0, 4.0)


def workers() -> list[int]:
    """The processes of monty that belong to this one."""
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True
    ).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "monty" in line]


def cpu(number: int) -> int:
    """Clock ticks that a process has computed for."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def good(runner: Runner) -> Run:
    return run_cases("def f(x):\n    return x", "f", [case("f(1)", 1)], LIMITS, runner)


@pytest.fixture
def busy() -> Iterator[list[Run]]:
    """An attempt that is running in monty, and what comes of it."""
    monty.pool.close()
    result: list[Run] = []
    thread = threading.Thread(
        target=lambda: result.append(run_cases(SLOW, "f", [case("f(1)", 1)], LIMITS, Runner.MONTY))
    )
    thread.start()
    while not any(cpu(number) for number in workers()):
        pass
    yield result
    thread.join(60)


def test_a_killed_worker_process(busy: list[Run]) -> None:
    for number in workers():
        os.kill(number, signal.SIGKILL)
    assert good(Runner.MONTY).verdict is Outcome.PASSED
    while not busy:
        pass
    assert busy[0].verdict in (Outcome.FAILED, Outcome.ERROR)


def test_a_worker_process_that_hangs(busy: list[Run]) -> None:
    for number in workers():
        os.kill(number, signal.SIGSTOP)
    assert good(Runner.MONTY).verdict is Outcome.PASSED
    while not busy:
        pass
    assert busy[0].verdict in (Outcome.FAILED, Outcome.ERROR)


def test_a_forked_process_says_what_it_lacks_and_harms_nobody() -> None:
    needs(Runner.FENCED)
    good(Runner.MONTY)
    child = os.fork()
    if child == 0:
        alone, both_ = good(Runner.MONTY), good(Runner.AUTO)
        told = alone.fault is not None and "forked" in alone.fault.message
        right = (alone.verdict, both_.verdict) == (Outcome.ERROR, Outcome.PASSED)
        os._exit(0 if told and right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert good(Runner.MONTY).verdict is Outcome.PASSED


@both
def test_many_at_once_from_threads(runner: Runner) -> None:
    needs(runner)
    codes = ["def f(x):\n    return x", SLOW, "def f(x):\n    return 2"] * 3
    within = Limits(1.5, 1.5)  # wall clock: those that end need a share of a busy machine
    with ThreadPoolExecutor(len(codes)) as threads:
        runs = list(
            threads.map(lambda c: run_cases(c, "f", [case("f(1)", 1)], within, runner), codes)
        )
    assert [run.verdict for run in runs] == [
        Outcome.PASSED, Outcome.FAILED, Outcome.FAILED,
    ] * 3  # fmt: skip


def test_no_process_outlives_the_program() -> None:
    program = (
        "import django; django.setup()\n"
        "from tests.exercises import test_a_sandbox_that_dies_takes_down_one_attempt as its\n"
        "its.good(its.Runner.MONTY)\nprint(its.workers()[0])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "learning_assistant.settings"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert not os.path.exists(f"/proc/{int(ran.stdout)}")


def test_a_host_that_can_not_fence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fenced, "fence", lambda: Fence(trouble="namespaces: not permitted"))
    (line,) = startup.code_sandbox()
    assert (line.state, line.blocks) == (State.WARN, False)
    assert "monty" in line.detail and "no fence, namespaces: not permitted" in line.detail
    assert "apt install bubblewrap" in line.mend
    run = run_cases("def f(x):\n    yield x", "f", [case("f(1)", 1)], LIMITS, Runner.AUTO)
    assert run.verdict is Outcome.UNSUPPORTED
    run = run_cases("def f(x):\n    return 2", "f", [case("f(1)", 1)], LIMITS, Runner.AUTO)
    assert run.verdict is Outcome.FAILED
    run = run_cases("def f(x):\n    return 1", "f", [case("f(1)", 1)], LIMITS, Runner.FENCED)
    assert run.verdict is Outcome.UNSUPPORTED
    assert run.fault is not None and run.fault.message == "namespaces: not permitted"


def test_doctor_names_the_runners(settings: Settings) -> None:
    needs(Runner.FENCED)
    (line,) = startup.code_sandbox()
    assert line.state is State.OK
    assert line.detail.startswith("monty; fenced CPython (")
    settings.CODE_SANDBOX = "off"
    (line,) = startup.code_sandbox()
    assert (line.state, line.mend) == (State.WARN, "set CODE_SANDBOX=auto")


def test_an_interpreter_that_does_not_start_is_no_fault_of_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs(Runner.FENCED)
    monkeypatch.setattr(fenced, "_python", lambda: "/bin/false")
    run = run_cases("def f(x):\n    return 1", "f", [case("f(1)", 1)], LIMITS, Runner.FENCED)
    assert run.verdict is Outcome.ERROR
    assert run.fault is not None and run.fault.kind is FaultKind.SANDBOX
