"""What a run of somebody's code comes to, whichever runner ran it."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Limits:
    """How far one answer may go. Times are wall clock; starting a runner doesn't count."""

    seconds: float = 0.8  # one call, or loading the code
    total_seconds: float = 1.8  # all calls, in both runners together
    memory_mb: int = 96  # of values; the interpreter comes on top
    output_chars: int = 4_000  # kept of what is printed; the rest is dropped
    code_chars: int = 20_000
    value_chars: int = 1_000_000  # of a result, as it crosses


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # wrong, or broken by what the code itself does: an exception, a time limit
    UNSUPPORTED = "unsupported"  # no runner here knows this Python: says nothing about the answer
    ERROR = "error"  # could not be judged: the tests are broken, the sandbox is


class FaultKind(StrEnum):
    EXCEPTION = "exception"
    SYNTAX = "syntax"
    MISSING = "missing"  # there is no such function
    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"  # the interpreter ended
    TOO_LARGE = "too_large"  # the code, or a result
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not_run"  # no time was left for it
    SANDBOX = "sandbox"  # ours, not the code's


# After these the session is gone, or can't be trusted to be whole.
ENDING = frozenset({FaultKind.TIME, FaultKind.MEMORY, FaultKind.CRASH, FaultKind.SANDBOX})


@dataclass(frozen=True)
class Fault:
    """Why there is no result. `line` and `source` are of the code that was sent, where known."""

    kind: FaultKind
    type: str = ""
    message: str = ""
    line: int | None = None
    source: str = ""
    in_tests: bool = False  # raised by the tests themselves, such as a failed assert


@dataclass(frozen=True)
class CaseResult:
    """One test: `expected` and `got` as bounded text, as Python writes it."""

    name: str
    passed: bool
    expected: str = ""
    got: str | None = None
    fault: Fault | None = None
    output: str = ""
    got_type: str = ""


@dataclass(frozen=True)
class Run:
    verdict: Outcome
    cases: list[CaseResult]
    runner: str = ""
    output: str = ""
    seconds: float = 0.0
    fault: Fault | None = None  # what kept the whole from being run
    tried: list[str] = field(default_factory=list)  # runners that could not say, and why
