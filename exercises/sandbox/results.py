"""What a run of somebody's code comes to."""

from dataclasses import dataclass
from enum import StrEnum

SHOWN = 300  # characters of a value or a message that are told


@dataclass(frozen=True)
class Limits:
    """Of one attempt, all its tests together."""

    seconds: float = 1.0  # of running: for each call, and for all of them
    memory: int = 128 * 1024 * 1024  # bytes
    output: int = 16 * 1024  # bytes printed
    recursion: int = 1000


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"  # the sandbox lacks something: counts neither way
    ERROR = "error"  # the sandbox broke, or is not there: counts neither way


@dataclass(frozen=True)
class Fault:
    """An exception of the learner's code, and the learner's own line where it came up."""

    type: str
    message: str
    line: int | None = None
    source: str = ""

    def __str__(self) -> str:
        where = f" in line {self.line}" if self.line else ""
        return f"{self.type}{where}: {self.message}" if self.message else f"{self.type}{where}"


@dataclass(frozen=True)
class CaseResult:
    name: str
    call: str
    passed: bool
    expected: str
    got: str | None = None  # None where it raised, or was not run
    fault: Fault | None = None


@dataclass(frozen=True)
class Run:
    """`fault` is what kept all tests from running: a syntax error, a missing function."""

    outcome: Outcome
    results: tuple[CaseResult, ...] = ()
    fault: Fault | None = None
    output: str = ""
    runner: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def shown(value: object) -> str:
    """A value as the learner sees it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an int of more than 4,300 digits
        text = f"an int of {value.bit_length()} bits" if isinstance(value, int) else "?"
    return cut(text)


def cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"
