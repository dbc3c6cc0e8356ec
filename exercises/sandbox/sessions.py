"""A session: a place where somebody's code was loaded and can be called. Each runner has its own.

What crosses is text (fence.wire). A test session is the second kind: there the tests run, and
what they call is called in the learner's session by the side that holds both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from exercises.sandbox.reading import Source
from exercises.sandbox.results import ENDING, Fault

# Asks the learner's session: (what, its arguments as text) -> the reply.
Ask = Callable[[str, str], "Reply"]


@dataclass(frozen=True)
class Reply:
    """`value` is text that crossed: of a call `[result, [args, kwargs] as they are afterwards]`."""

    value: str = ""
    fault: Fault | None = None
    output: str = ""

    @property
    def ends(self) -> bool:
        return self.fault is not None and self.fault.kind in ENDING


class Session(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...

    def load(self, source: Source) -> Reply:
        """Run the code, which defines what is called afterwards."""

    def call(self, name: str, arguments: str) -> Reply:
        """Call *name* with `[args, kwargs]` as text."""

    def look(self, name: str) -> Reply:
        """The value of a global name."""

    def run_tests(self, script: str, remote: dict[str, bool], ask: Ask) -> Reply:
        """Run *script*, in which each of *remote* (name: is it a function?) asks elsewhere."""
